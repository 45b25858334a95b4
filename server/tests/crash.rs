//! `kill -9` under load, again and again on the same data: what was acknowledged is found, once each; nothing else is.
//!
//! `CRASH_ROUNDS` sets how often (`make crash`: 1,000), `CRASH_SEED` repeats a run; the seed is printed.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/load.rs"]
mod load;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ledger::Ledger;
use load::{Random, Request, SENDERS_MAX, Sent, send_until_broken};
use process::{Server, connect, folder};
use spoor_runtime::clock::Clock;

const ROUNDS: u64 = 20;
const SENDERS: u64 = 4;
const _: () = assert!(SENDERS <= SENDERS_MAX);
/// The kill comes within so many milliseconds of the first request.
const KILL_MILLIS: (u64, u64) = (5, 700);
/// Rounds that are looked at record by record at the end; all are counted.
const ROUNDS_READ: usize = 10;
/// Configurations that take turns: small splits are published all the time, and then are small enough to be merged.
const CONFIGS: [&str; 2] = [
    "store: {split_records: 1000, split_age_seconds: 1}\n",
    "store: {split_records: 10000, split_age_seconds: 1}\n",
];
/// How long a start may take that has nothing to read back.
const QUICK: u64 = 3_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// Runs the senders until `end` has ended the server, or has told them to stop.
fn under_load(
    server: Server,
    round: u64,
    random: &mut Random,
    end: impl FnOnce(Server, &AtomicBool, &mut Random) + Send,
) -> Vec<Sent> {
    let start = Clock::system().now_unix_nanos();
    let address = server.otlp_http;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let random = Random(random.below(u64::MAX));
                let stop = &stop;
                scope.spawn(move || send_until_broken(address, (round, sender), random, start, stop))
            })
            .collect();
        end(server, &stop, random);
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    })
}

fn kill_soon(server: Server, _stop: &AtomicBool, random: &mut Random) {
    let millis = KILL_MILLIS.0 + random.below(KILL_MILLIS.1 - KILL_MILLIS.0);
    thread::sleep(Duration::from_millis(millis)); // tidy: sleeps because the kill must come at any moment
    server.kill();
}

fn start(data_dir: &Path, config: &Path) -> Server {
    Server::start(data_dir, &["--config", config.to_str().unwrap()])
}

/// A client that lost its answer sends again: then the request is stored, once.
fn send_again(server: &Server, round: u64, in_doubt: &[Request], ledger: &mut Ledger) {
    let mut stream = connect(server.otlp_http);
    for request in in_doubt {
        request.send(&mut stream).unwrap();
        ledger.acknowledge(round, request);
    }
}

#[test]
fn acknowledged_records_survive_kills_and_none_is_found_twice() {
    let rounds = number("CRASH_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("CRASH_SEED").unwrap_or_else(|| Clock::system().now_unix_nanos());
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = Random(seed);
    let folder = folder();
    let data_dir = folder.path().join("data");
    let configs = CONFIGS.map(|content| {
        let path = folder.path().join(format!("{}.yaml", content.len()));
        std::fs::write(&path, content).unwrap();
        path
    });

    let mut ledger = Ledger::default();
    let mut tally = Tally::default();
    let mut server = start(&data_dir, &configs[0]);
    for round in 0..rounds {
        let sent = under_load(server, round, &mut random, kill_soon);
        let in_doubt = ledger.note(round, sent);
        tally.add(&data_dir);
        tally.in_doubt += in_doubt.len() as u64;
        server = start(&data_dir, &configs[(round as usize + 1) % configs.len()]);
        ledger.check_round(&server, round, &in_doubt);
        send_again(&server, round, &in_doubt, &mut ledger);
        ledger.check_requests(&server, &in_doubt);
        ledger.check_counts(&server);
    }
    tally.splits_last.clear();
    println!("{} records acknowledged, {tally:?}", ledger.records());
    assert!(tally.wal_bytes > 0 && tally.splits_most > 0, "the kills found nothing to lose: {tally:?}");
    assert!(tally.merges > 0 || rounds < ROUNDS, "nothing was merged: {tally:?}");

    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    let server = start(&data_dir, &configs[0]);
    ledger.check_counts(&server);
    ledger.check_rounds(&server, ROUNDS_READ);
}

/// What the kills left behind, to show that they hit something.
#[derive(Debug, Default)]
struct Tally {
    /// Requests that were sent and not answered.
    in_doubt: u64,
    /// Bytes of the write-ahead logs that were read back.
    wal_bytes: u64,
    /// Splits there were, at most.
    splits_most: usize,
    /// Splits that were being built.
    unfinished: usize,
    /// Kills after which splits of the kill before were gone: nothing is past retention, so they were merged.
    merges: u64,
    splits_last: BTreeSet<OsString>,
}

impl Tally {
    /// Looks at a data directory whose server was killed.
    fn add(&mut self, data_dir: &Path) {
        let splits: BTreeSet<OsString> = files(&data_dir.join("splits")).into_keys().collect();
        self.merges += u64::from(!self.splits_last.is_subset(&splits));
        self.splits_most = self.splits_most.max(splits.len());
        self.splits_last = splits;
        self.unfinished += files(&data_dir.join("staging")).len();
        self.wal_bytes += files(&data_dir.join("wal")).values().sum::<u64>();
    }
}

/// Names and sizes of the files in a folder.
fn files(folder: &Path) -> BTreeMap<OsString, u64> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect()
}

#[test]
fn a_stop_under_load_keeps_what_was_acknowledged_and_the_next_start_is_quick() {
    let folder = folder();
    let mut ledger = Ledger::default();
    let server = Server::start(folder.path(), &[]);
    let sent = under_load(server, 0, &mut Random(7), |mut server, stop, _| {
        thread::sleep(Duration::from_millis(500)); // tidy: sleeps because the load goes on meanwhile
        server.signal("TERM");
        server.wait_for("stopping: not ready for new work");
        let (status, log) = server.wait();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{log}");
    });
    let in_doubt = ledger.note(0, sent);
    assert!(ledger.records() > 0, "nothing was acknowledged");
    assert!(!files(&folder.path().join("splits")).is_empty(), "nothing was published before the end");
    let began = Clock::system();
    let server = Server::start(folder.path(), &[]);
    let took = began.monotonic().as_millis();
    assert!(took < u128::from(QUICK), "started in {took} ms");
    ledger.check_round(&server, 0, &in_doubt);
}
