//! The timed run: lanes that take the next request, send it at its time, retry what the server asks to retry, and keep count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::connection::{Connection, Wire};
use super::prepare::Prepared;
use super::reply::Reply;
use crate::clock::Stopwatch;

/// Longest latency a histogram tells apart: ten minutes.
const LATENCY_NANOS_MAX: u64 = 600_000_000_000;
/// Tries for one request before it counts as refused.
const TRIES_MAX: u32 = 200;
/// First and longest wait between tries when the server names none.
const RETRY_WAIT: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));
/// Longest wait a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10);
/// Messages of refused requests that are kept.
const REFUSALS_KEPT: usize = 5;

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Where to and how.
    pub wire: Wire,
    /// Connections (over HTTP/1.1: times `in_flight`).
    pub connections: usize,
    /// Requests in flight on each.
    pub in_flight: usize,
    /// Records a second to offer; as fast as it goes when none.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// First request to last answer.
    pub elapsed: Duration,
    /// Acknowledged requests, by index, ascending.
    pub acked: Vec<u32>,
    /// Records in them.
    pub acked_records: u64,
    /// Records the server rejected within acknowledged requests.
    pub rejected_records: u64,
    /// Tries the server asked to repeat.
    pub retries: u64,
    /// Requests refused for good, and the first few reasons.
    pub refused: u64,
    /// Why.
    pub refusals: Vec<String>,
    /// Requests whose connection broke: their outcome is unknown.
    pub lost: u64,
    /// Nanoseconds from when a request was due to its acknowledgement, retries included.
    pub latency: Histogram<u64>,
}

impl LoadReport {
    fn empty() -> Result<Self> {
        Ok(Self {
            elapsed: Duration::ZERO,
            acked: Vec::new(),
            acked_records: 0,
            rejected_records: 0,
            retries: 0,
            refused: 0,
            refusals: Vec::new(),
            lost: 0,
            latency: Histogram::new_with_bounds(1, LATENCY_NANOS_MAX, 3)?,
        })
    }

    /// Acknowledged records a second.
    pub fn rate(&self) -> f64 {
        self.acked_records as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// A latency quantile in milliseconds.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1e6
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.acked.extend(other.acked);
        self.acked_records += other.acked_records;
        self.rejected_records += other.rejected_records;
        self.retries += other.retries;
        self.refused += other.refused;
        self.refusals.extend(other.refusals);
        self.refusals.truncate(REFUSALS_KEPT);
        self.lost += other.lost;
        self.latency.add(other.latency)?;
        Ok(())
    }
}

/// What the lanes share.
struct Run {
    requests: Arc<[Prepared]>,
    next: AtomicUsize,
    /// Records before each request, for the pace.
    before: Vec<u64>,
    rate: Option<f64>,
    /// Set when a connection broke: nothing new is sent.
    broken: AtomicBool,
    clock: Stopwatch,
}

/// Sends every request once, in order over all lanes; returns when each is answered or its connection broke.
pub async fn send_all(requests: Arc<[Prepared]>, options: &LoadOptions) -> Result<LoadReport> {
    let mut connections = JoinSet::new();
    let mut lanes = Vec::new();
    for _ in 0..options.connections {
        let connection = Connection::open(options.wire, &mut connections).await?;
        for _ in 1..options.in_flight {
            lanes.push(match connection.share() {
                Some(shared) => shared,
                None => Connection::open(options.wire, &mut connections).await?,
            });
        }
        lanes.push(connection);
    }
    let before = requests
        .iter()
        .scan(0, |sum, request| {
            let before = *sum;
            *sum += u64::from(request.records);
            Some(before)
        })
        .collect();
    let clock = Stopwatch::start();
    let run = Arc::new(Run {
        requests,
        next: AtomicUsize::new(0),
        before,
        rate: options.rate,
        broken: AtomicBool::new(false),
        clock,
    });
    let mut tasks = JoinSet::new();
    for lane in lanes {
        tasks.spawn(drive(lane, Arc::clone(&run)));
    }
    let mut report = LoadReport::empty()?;
    while let Some(lane) = tasks.join_next().await {
        report.add(lane.context("a lane stopped early")??)?;
    }
    report.elapsed = clock.elapsed();
    report.acked.sort_unstable();
    connections.shutdown().await;
    Ok(report)
}

async fn drive(mut connection: Connection, run: Arc<Run>) -> Result<LoadReport> {
    let mut report = LoadReport::empty()?;
    while !run.broken.load(Ordering::Relaxed) {
        let index = run.next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = run.requests.get(index) else { break };
        let start = wait_for_turn(&run, index).await;
        match deliver(&mut connection, request, &mut report).await {
            Ok(true) => {
                let taken = run.clock.elapsed().saturating_sub(start).as_nanos();
                report.latency.saturating_record(u64::try_from(taken).unwrap_or(u64::MAX).max(1));
                report.acked.push(u32::try_from(index)?);
                report.acked_records += u64::from(request.records);
            }
            Ok(false) => report.refused += 1,
            Err(_) => {
                report.lost += 1;
                run.broken.store(true, Ordering::Relaxed);
            }
        }
    }
    Ok(report)
}

/// Waits until the request is due. Its latency counts from then, or from when it could first have gone out: a late lane
/// counts the wait it caused, a timer that fires late does not.
async fn wait_for_turn(run: &Run, index: usize) -> Duration {
    let now = run.clock.elapsed();
    let Some(rate) = run.rate else { return now };
    let due = Duration::from_secs_f64(run.before[index] as f64 / rate);
    if due <= now {
        return due;
    }
    tokio::time::sleep_until(run.clock.moment(due)).await;
    run.clock.elapsed()
}

/// True when acknowledged, false when refused; an error when the connection broke.
async fn deliver(connection: &mut Connection, request: &Prepared, report: &mut LoadReport) -> Result<bool> {
    let mut wait = RETRY_WAIT.0;
    let mut refusal = String::from("asked to retry for too long");
    for _ in 0..TRIES_MAX {
        match connection.send(request).await? {
            Reply::Accepted { rejected } => {
                report.rejected_records += rejected;
                return Ok(true);
            }
            Reply::Retry { after } => {
                report.retries += 1;
                tokio::time::sleep(after.unwrap_or(wait).min(RETRY_AFTER_MAX)).await;
                wait = (wait * 2).min(RETRY_WAIT.1);
            }
            Reply::Refused { why } => {
                refusal = why;
                break;
            }
        }
    }
    if report.refusals.len() < REFUSALS_KEPT {
        report.refusals.push(refusal);
    }
    Ok(false)
}
