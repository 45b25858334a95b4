//! Full load on an empty server: rate, CPU, disk, memory; then half load for its latency, and visibility at the acknowledgement.

use anyhow::Result;

use super::api::encode;
use super::check;
use super::load::{MemoryWatch, Waves, complete, encoded, options, send};
use super::server::Server;
use crate::cli::RunArgs;
use crate::figures::{Figures, Measure};
use crate::generate::Generated;
use crate::load::send_all;
use crate::output;
use crate::process;

/// Flows that are asked for at the moment they are acknowledged.
const PROBES: u64 = 20;
/// Rate assumed when full load was not measured.
const RATE_FALLBACK: f64 = 200_000.0;
const MEGABYTE: f64 = 1e6;

/// What one full load costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Acknowledged records a second.
    pub(super) rate: f64,
    /// Server CPU until settled, µs a record.
    pub(super) cpu: f64,
    /// Of it, until the last acknowledgement.
    pub(super) cpu_loading: f64,
    /// Disk once settled, bytes a record.
    pub(super) disk: f64,
    /// Of it, WAL.
    pub(super) disk_wal: f64,
    /// Splits once settled.
    pub(super) splits: u64,
    /// Peak resident set, MB.
    pub(super) rss: f64,
    /// Peak anonymous memory, MB.
    pub(super) anonymous: f64,
    /// Acknowledgement at full load, 99th percentile, ms.
    pub(super) ack_p99: f64,
    /// The sender's own CPU, µs a record.
    pub(super) sender_cpu: f64,
    /// Requests the server asked to repeat.
    pub(super) retries: u64,
}

/// Sends everything as fast as it goes, waits until the server is idle, and adds up.
pub(super) async fn full_load(
    arguments: &RunArgs,
    server: &Server,
    generated: &Generated,
    figures: &mut Figures,
) -> Result<Cost> {
    let options = options(arguments, server, None)?;
    let requests = encoded(generated, &options)?;
    let empty = server.usage();
    let watch = MemoryWatch::start(server.pid()?);
    let own = std::process::id();
    let (own_before, before) = (process::cpu(own)?, server.cpu()?);
    let report = send_all(requests, &options).await?;
    let (own_used, loading) =
        (process::cpu(own)?.saturating_sub(own_before), server.cpu()?.saturating_sub(before));
    complete(&report)?;
    output::progress(&format!(
        "acknowledged {} records in {:.1} s: {:.0} records/s; settling",
        report.acked_records,
        report.elapsed.as_secs_f64(),
        report.rate()
    ));
    if !server.settle().await? {
        figures.remark(
            "the server was still busy when it should have settled: disk and CPU are not final".to_owned(),
        );
    }
    let used = server.cpu()?.saturating_sub(before);
    let (usage, memory) = (server.usage(), watch.largest());
    let records = report.acked_records as f64;
    let stored = generated.truth.records() as f64;
    Ok(Cost {
        rate: report.rate(),
        cpu: used.as_secs_f64() * 1e6 / records,
        cpu_loading: loading.as_secs_f64() * 1e6 / records,
        disk: usage.bytes.saturating_sub(empty.bytes) as f64 / stored,
        disk_wal: usage.wal_bytes as f64 / stored,
        splits: usage.splits,
        rss: memory.peak as f64 / MEGABYTE,
        anonymous: memory.anonymous as f64 / MEGABYTE,
        ack_p99: report.latency_ms(0.99),
        sender_cpu: own_used.as_secs_f64() * 1e6 / records,
        retries: report.retries,
    })
}

/// Puts the cost of the ordinary workload into the figures.
pub(super) fn tell(cost: &Cost, figures: &mut Figures) {
    figures.set_noted(Measure::IngestRate, cost.rate, format!("{} retries", cost.retries));
    figures.set_noted(Measure::CpuPerRecord, cost.cpu, format!("{:.2} at the last ack", cost.cpu_loading));
    figures.set_noted(
        Measure::DiskPerRecord,
        cost.disk,
        format!("{:.1} WAL, {} splits", cost.disk_wal, cost.splits),
    );
    figures.set(Measure::PeakRss, cost.rss);
    figures.set(Measure::PeakAnonymous, cost.anonymous);
    figures.set(Measure::AckFullLoadP99, cost.ack_p99);
    figures.set(Measure::SenderCpu, cost.sender_cpu);
}

/// Offers half the rate of full load and times the acknowledgements.
pub(super) async fn half_load(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    figures: &mut Figures,
) -> Result<()> {
    let rate = figures.value(Measure::IngestRate).unwrap_or(RATE_FALLBACK) / 2.0;
    let wave = waves.next((rate * arguments.half_load_seconds as f64) as u64);
    let report = send(&wave, &options(arguments, server, Some(rate))?).await?;
    let note = format!("offered {:.0}, took {:.0} records/s", rate, report.rate());
    figures.set_noted(Measure::AckHalfLoadP50, report.latency_ms(0.5), note);
    figures.set(Measure::AckHalfLoadP99, report.latency_ms(0.99));
    Ok(())
}

/// Sends single flows and asks for each the moment its last request is acknowledged.
pub(super) async fn visibility(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    figures: &mut Figures,
) -> Result<()> {
    let options = options(arguments, server, None)?;
    let mut api = server.api();
    let mut visible = 0;
    for _ in 0..PROBES {
        let wave = waves.next(1);
        send(&wave, &options).await?;
        for flow in &wave.truth.flows {
            let answer = api.get(&format!("/api/v1/flows/{}?key=order.id", encode(&flow.id))).await?;
            let outcome = check::flow(&answer, flow);
            visible += u64::from(outcome.is_ok());
            figures.checked("at the acknowledgement", outcome);
        }
    }
    figures.set(Measure::VisibleAtOnce, visible as f64 * 100.0 / PROBES as f64);
    Ok(())
}
