//! `kill -9` under load: how long until ready again, and whether everything acknowledged is there, once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::api::encode;
use super::check;
use super::load::{Waves, encoded, options, send};
use super::server::Server;
use crate::cli::RunArgs;
use crate::figures::{Figures, Measure};
use crate::generate::{Generated, Service, Signal};
use crate::load::{LoadReport, send_all};
use crate::output;
use crate::truth::{FlowTruth, Truth};

/// Records a second while the process is killed.
const RATE: f64 = 100_000.0;
/// Records offered, and when the process is killed meanwhile.
const OFFERED: u64 = 300_000;
const KILLED_AFTER: Duration = Duration::from_millis(1_700);
/// Records of one wave when a size on disk is to be reached.
const WAVE_RECORDS: u64 = 1_000_000;
/// Flows looked at afterwards, of those wholly acknowledged and of those stored before.
const FLOWS_CHECKED: usize = 200;
const GIGABYTE: f64 = 1e9;

/// Loads the server until its data directory holds `gigabytes`; the truth of all that.
pub(super) async fn fill(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    gigabytes: f64,
) -> Result<Truth> {
    let options = options(arguments, server, None)?;
    let mut truth = Truth::default();
    loop {
        let mut wave = waves.next(WAVE_RECORDS);
        send(&wave, &options).await?;
        // Hundreds of waves' flows would be more than this process should hold.
        wave.truth.keep_flows(FLOWS_CHECKED);
        truth.merge(wave.truth);
        let usage = server.usage();
        let stored = usage.bytes.saturating_sub(usage.wal_bytes) as f64 / GIGABYTE;
        output::progress(&format!("{} records, {stored:.2} GB stored beside the WAL", truth.records()));
        if stored >= gigabytes {
            server.settle().await?;
            return Ok(truth);
        }
    }
}

/// Kills the server under load, starts it again, and looks for what was acknowledged before and during.
pub(super) async fn measure(
    arguments: &RunArgs,
    server: &mut Server,
    waves: &mut Waves,
    before: &Truth,
    figures: &mut Figures,
) -> Result<()> {
    let wave = waves.next(OFFERED);
    let options = options(arguments, server, Some(RATE))?;
    let requests = encoded(&wave, &options)?;
    let mut load = JoinSet::new();
    load.spawn(async move { send_all(requests, &options).await });
    tokio::time::sleep(KILLED_AFTER).await;
    server.kill()?;
    let report = load.join_next().await.context("the load did not end")???;
    output::progress(&format!("killed with {} records of the last wave acknowledged", report.acked_records));

    let stored = server.usage();
    let ready = server.launch().await?;
    let note = format!(
        "{:.2} GB, of it {:.0} MB WAL",
        stored.bytes as f64 / GIGABYTE,
        stored.wal_bytes as f64 / 1e6
    );
    figures.set_noted(Measure::ReadyAfterKill, ready.as_secs_f64(), note);

    flows(server, &wave, &report, before, figures).await?;
    counts(server, &wave, &report, before, figures).await
}

/// Whole flows: those stored before, and those of which every request was acknowledged.
async fn flows(
    server: &Server,
    wave: &Generated,
    report: &LoadReport,
    before: &Truth,
    figures: &mut Figures,
) -> Result<()> {
    let acked: HashSet<u32> = report.acked.iter().copied().collect();
    let whole: Vec<&FlowTruth> = wave
        .truth
        .flows
        .iter()
        .filter(|flow| flow.requests.iter().all(|request| acked.contains(request)))
        .collect();
    let spread = |len: usize| (len / FLOWS_CHECKED).max(1);
    let old = before.flows.iter().step_by(spread(before.flows.len()));
    let new = whole.iter().copied().step_by(spread(whole.len()));
    let mut api = server.api();
    for flow in old.chain(new) {
        let answer = api.get(&format!("/api/v1/flows/{}?key=order.id", encode(&flow.id))).await?;
        figures.checked("after kill -9", check::flow(&answer, flow));
    }
    Ok(())
}

/// Records a service sent of one signal.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    /// Acknowledged: must be there.
    least: u64,
    /// Sent, answered or not, second copies included: more would be something twice.
    most: u64,
}

async fn counts(
    server: &Server,
    wave: &Generated,
    report: &LoadReport,
    before: &Truth,
    figures: &mut Figures,
) -> Result<()> {
    let json = server.api().get("/api/v1/services").await?.ok()?;
    let (mut acknowledged, mut left) = (0, 0);
    for ((service, spans), expected) in expected(wave, report, before) {
        let found =
            check::service_counts(&json, service).map_or(0, |found| if spans { found.0 } else { found.1 });
        acknowledged += expected.least;
        left += found.min(expected.least);
        let outcome = if (expected.least..=expected.most).contains(&found) {
            Ok(())
        } else {
            Err(format!("{} has {found} (spans: {spans}), expected {expected:?}", service.name()))
        };
        figures.checked("counts after kill -9", outcome);
    }
    let note = format!("{left} of {acknowledged}");
    figures.set_noted(Measure::AckedLeft, left as f64 * 100.0 / acknowledged.max(1) as f64, note);
    Ok(())
}

/// By service, and whether spans.
fn expected(wave: &Generated, report: &LoadReport, before: &Truth) -> BTreeMap<(Service, bool), Expected> {
    let mut expected: BTreeMap<(Service, bool), Expected> = BTreeMap::new();
    for (service, counts) in &before.services {
        expected.insert((*service, false), Expected { least: counts.logs, most: counts.logs });
        let most = counts.spans + counts.duplicate_spans;
        expected.insert((*service, true), Expected { least: counts.spans, most });
    }
    // A request and its resend count once, and as acknowledged if either was.
    let original = |index: u32| {
        wave.requests.get(index as usize).map_or(index, |request| request.resend_of.unwrap_or(index))
    };
    let acked: HashSet<u32> = report.acked.iter().map(|index| original(*index)).collect();
    for (index, request) in
        wave.requests.iter().enumerate().filter(|(_, request)| request.resend_of.is_none())
    {
        let entry = expected.entry((request.service, request.signal == Signal::Spans)).or_default();
        entry.most += u64::from(request.records);
        if u32::try_from(index).is_ok_and(|index| acked.contains(&index)) {
            entry.least += u64::from(request.records);
        }
    }
    for (service, counts) in &wave.truth.services {
        // A second copy may have been counted above and removed by the server.
        let entry = expected.entry((*service, true)).or_default();
        entry.least = entry.least.saturating_sub(counts.duplicate_spans);
    }
    expected
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;
    use crate::generate::{Workload, generate};

    fn report(acked: Vec<u32>) -> LoadReport {
        LoadReport {
            elapsed: Duration::ZERO,
            acked,
            acked_records: 0,
            rejected_records: 0,
            retries: 0,
            refused: 0,
            refusals: Vec::new(),
            lost: 0,
            latency: Histogram::new(3).unwrap(),
        }
    }

    #[test]
    fn what_must_be_there_is_what_was_acknowledged_and_no_more() {
        let workload = Workload {
            seed: 3,
            wave: 0,
            records: 400_000,
            end: 1_900_000_000_000_000_000,
            unique_attributes: 0,
        };
        let wave = generate(&workload);
        assert!(wave.requests.iter().any(|request| request.resend_of.is_some()));
        let all: Vec<u32> = (0..wave.requests.len() as u32).collect();
        let none = expected(&wave, &report(Vec::new()), &Truth::default());
        let every = expected(&wave, &report(all), &Truth::default());
        for (service, counts) in &wave.truth.services {
            let (logs, spans) = (every[&(*service, false)], every[&(*service, true)]);
            assert_eq!((logs.least, logs.most), (counts.logs, counts.logs));
            assert_eq!((spans.least, spans.most), (counts.spans, counts.spans + counts.duplicate_spans));
            assert_eq!(none[&(*service, false)].least, 0);
            assert_eq!(none[&(*service, true)].least, 0);
        }
        let stored = expected(&wave, &report(Vec::new()), &wave.truth);
        assert_eq!(stored[&(Service::Cart, false)].least, wave.truth.services[&Service::Cart].logs);
    }
}
