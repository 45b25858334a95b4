//! Stops the whole store at every step of the disk and starts it again: what was acknowledged is found, once, and so is
//! what the client sends again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join_all, select};
use spoor_runtime::clock::{Clock, ManualClock};
use spoor_runtime::metrics::Metrics;

use crate::config::Config;
use crate::disk::Disk as _;
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::disk::mirror::MirrorDisk;
use crate::error::Result;
use crate::leaf::{Budget, DocSet};
use crate::model::{Batch, BatchBuilder, Body, Row, Signal, SpanStatus, StreamParts, Tenant, UnixNanos};
use crate::store::{Decoder, Reader, Store};
use crate::write::{Appended, Writer};

const NOW: UnixNanos = 1_700_000_000_000_000_000;

/// Requests the client has; each holds two records and belongs to one of two tenants.
const REQUESTS: u64 = 8;

/// How long anything may take; only a test that fails waits for it.
const LIMIT: Duration = Duration::from_secs(20);

/// How the machine goes down.
#[derive(Debug, Clone, Copy)]
enum Down {
    Kill,
    PowerLoss(u64),
}

struct NumberDecoder;

impl Decoder for NumberDecoder {
    fn decode(
        &self,
        tenant: Tenant,
        signal: Signal,
        arrival: UnixNanos,
        bytes: Bytes,
    ) -> std::result::Result<Batch, Box<dyn std::error::Error + Send + Sync>> {
        let mut builder = BatchBuilder::new(tenant, signal, arrival, bytes.clone());
        let stream = builder.stream(StreamParts::default());
        for line in std::str::from_utf8(&bytes)?.lines() {
            builder.row(&Row {
                stream,
                signal,
                time: arrival,
                time_is_set: true,
                end_or_observed: arrival,
                severity_or_kind: 9,
                status: SpanStatus::Unset,
                status_is_set: false,
                flags: 0,
                trace_id: None,
                span_id: None,
                parent_span_id: None,
                name: "",
                severity_text: "INFO",
                body: Body::Text(line),
                attributes: &[],
                correlations: &[],
                rest: &[],
            });
        }
        Ok(builder.finish())
    }
}

fn tenants() -> [Tenant; 2] {
    ["one", "two"].map(|name| Tenant::new(name).expect("a valid name"))
}

fn request(number: u64) -> Batch {
    let tenant = tenants()[number as usize % 2].clone();
    let text = format!("record {number} a\nrecord {number} b");
    NumberDecoder.decode(tenant, Signal::Logs, NOW, Bytes::from(text)).expect("decodes")
}

/// Everything is small: a WAL file holds three requests, a split the records of six.
fn config(root: &Path) -> Config {
    Config {
        data_dir: root.to_path_buf(),
        split_records: 12,
        retention_seconds: 0,
        disk_free_min: 0,
        wal_bytes_max: 1_300,
        ..Config::default()
    }
}

/// Opens the store and lets `client` use it while the tasks run and the clock is moved; gives up when the disk stops.
async fn with_store<T>(
    root: &Path,
    disk: &MirrorDisk,
    client: impl AsyncFnOnce(&Store) -> Result<T>,
) -> Option<Result<T>> {
    let (clock, hand) = Clock::manual(NOW);
    let shared = Arc::new(disk.clone());
    let opened =
        crate::open::open(config(root), clock, &mut Metrics::new(), Arc::new(NumberDecoder), shared).await;
    let (store, tasks) = match opened {
        Ok(opened) => opened,
        Err(error) => return Some(Err(error)),
    };
    let background = async {
        let tasks = join_all(tasks.into_iter().map(|task| task.run()));
        select(Box::pin(tasks), Box::pin(move_clock(&hand, disk))).await;
    };
    match select(Box::pin(client(&store)), Box::pin(background)).await {
        futures_util::future::Either::Left((outcome, _)) => Some(outcome),
        futures_util::future::Either::Right(_) => None,
    }
}

/// Moves the clock until the disk has stopped.
async fn move_clock(hand: &ManualClock, disk: &MirrorDisk) {
    while !disk.faulty.has_stopped() {
        hand.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

async fn send(writer: &Writer, number: u64) -> Result<Appended> {
    writer.append(request(number)).await
}

/// The client's day: sends, and lets splits be made, merged and collected on the way. Whatever fails, what it finds at
/// the end holds no record twice and everything acknowledged.
async fn day(store: &Store, acknowledged: &mut BTreeSet<u64>, context: &str) -> Result<()> {
    let writer = store.writer();
    for number in 1..=REQUESTS {
        if let Ok(outcome) = send(&writer, number).await {
            assert_eq!(outcome, Appended::Stored);
            acknowledged.insert(number);
        }
        if number % 2 == 0 {
            tokio::time::timeout(LIMIT, store.publish_all()).await.expect("publishes in the end")?;
        }
    }
    // Three splits of a tenant are worth a merge.
    let splits = || tenants().map(|tenant| store.reader().snapshot(&tenant).leaves().len());
    let merged = async {
        while splits().into_iter().max() > Some(2) {
            store.clock.sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, merged).await.expect("merges in the end");
    // The files of what was merged go in the next round.
    store.clock.sleep(Duration::from_secs(40)).await;
    found_once(&texts(&store.reader()), acknowledged, context);
    Ok(())
}

/// Panics when something was found twice, or something acknowledged was not found.
fn found_once(found: &[String], acknowledged: &BTreeSet<u64>, context: &str) {
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "{context}: twice in {found:?}");
    for owed in of_requests(acknowledged.iter().copied()) {
        assert!(distinct.contains(&owed), "{context}: {owed} was acknowledged, found {found:?}");
    }
}

fn texts(reader: &Reader) -> Vec<String> {
    let mut texts = Vec::new();
    for tenant in tenants() {
        for leaf in reader.snapshot(&tenant).leaves() {
            let all: Vec<u32> = DocSet::all(leaf.len()).iter().collect();
            let records = leaf.fetch(&all, &Budget::unlimited()).expect("readable");
            texts.extend(records.iter().map(|record| record.body_text().to_owned()));
        }
    }
    texts.sort();
    texts
}

fn of_requests(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let both = |number| [format!("record {number} a"), format!("record {number} b")];
    let mut texts: Vec<String> = numbers.into_iter().flat_map(both).collect();
    texts.sort();
    texts
}

/// What must hold when the store is started again, and when the client sends everything again.
async fn check(store: &Store, acknowledged: &BTreeSet<u64>, context: &str) -> Result<()> {
    found_once(&texts(&store.reader()), acknowledged, context);
    for number in 1..=REQUESTS {
        let outcome = send(&store.writer(), number).await?;
        let expected_again = acknowledged.contains(&number);
        assert!(!expected_again || outcome == Appended::Duplicate, "{context}: {number} is stored again");
    }
    assert_eq!(
        texts(&store.reader()),
        of_requests(1..=REQUESTS),
        "{context}: after everything was sent again"
    );
    Ok(())
}

/// One life of the machine with a fault at `step`, and the next one; says whether the fault was reached.
async fn live(step: u64, fault: Fault, down: Down) -> bool {
    let context = format!("{fault:?} at step {step}, then {down:?}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let faulty = FaultyDisk::new(step);
    faulty.create_dir_all(root.parent().expect("not the root")).expect("created");
    faulty.fault_at(faulty.steps() + step, fault);
    let disk = MirrorDisk { faulty };
    let mut acknowledged = BTreeSet::new();
    with_store(root, &disk, async |store| day(store, &mut acknowledged, &context).await).await;
    let reached = disk.faulty.steps() > step;
    disk.faulty.stop();

    let survived = match down {
        Down::Kill => disk.faulty.after_kill(),
        Down::PowerLoss(seed) => disk.faulty.after_power_loss(seed),
    };
    let disk = MirrorDisk::restart(survived, root);
    let checked = with_store(root, &disk, async |store| check(store, &acknowledged, &context).await).await;
    match checked {
        Some(Ok(())) => reached,
        Some(Err(error)) => panic!("{context}: {}", spoor_runtime::error_kind::chain(&error)),
        None => panic!("{context}: the tasks ended"),
    }
}

#[tokio::test]
async fn the_store_stopped_at_any_step_finds_what_was_acknowledged_once() {
    for step in 0.. {
        let down = if step % 3 == 0 { Down::Kill } else { Down::PowerLoss(step) };
        if !live(step, Fault::Stop, down).await {
            assert!(step > 100, "only {step} steps");
            return;
        }
    }
}

#[tokio::test]
async fn a_store_that_a_step_failed_in_goes_on_or_refuses_and_loses_nothing() {
    for step in 0.. {
        let down = if step % 3 == 0 { Down::Kill } else { Down::PowerLoss(step) };
        if !live(step, Fault::Fail(std::io::ErrorKind::Other), down).await {
            return;
        }
    }
}
