//! The small commands: show a workload, send it, be a sink, find the sender's ceiling.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::{TcpListener, TcpStream};
use xxhash_rust::xxh3::Xxh3;

use crate::cli::{CeilingArgs, LoadArgs, SenderArgs, Transport, WorkloadArgs};
use crate::clock::{Stopwatch, unix_nanos};
use crate::generate::{Generated, Signal, UNIQUE_KEYS, Workload, generate};
use crate::load::{LoadOptions, LoadReport, Prepared, Wire, prepare, send_all};
use crate::output;
use crate::process;
use crate::sink;
use crate::truth::SEARCHES;

/// The workload that the arguments ask for, ending now.
pub fn workload(arguments: &WorkloadArgs) -> Result<Workload> {
    ensure!(
        arguments.unique_attributes <= UNIQUE_KEYS.len(),
        "--unique-attributes is at most {}, not {}",
        UNIQUE_KEYS.len(),
        arguments.unique_attributes
    );
    Ok(Workload {
        seed: arguments.seed,
        wave: 0,
        records: arguments.records,
        end: unix_nanos(),
        unique_attributes: arguments.unique_attributes,
    })
}

/// The options that the arguments ask for.
pub fn load_options(arguments: &SenderArgs, address: SocketAddr, rate: Option<f64>) -> Result<LoadOptions> {
    ensure!(
        arguments.connections > 0 && arguments.in_flight > 0,
        "--connections and --in-flight are at least 1"
    );
    let wire = Wire { address, grpc: arguments.transport == Transport::Grpc, gzip: arguments.gzip };
    Ok(LoadOptions { wire, connections: arguments.connections, in_flight: arguments.in_flight, rate })
}

/// Prints what a workload is like.
pub fn show(arguments: &WorkloadArgs) -> Result<()> {
    let clock = Stopwatch::start();
    // A fixed end makes the hash comparable between runs.
    let workload = Workload { end: 1_900_000_000_000_000_000, ..workload(arguments)? };
    let generated = generate(&workload);
    let seconds = clock.elapsed().as_secs_f64();
    let mut hasher = Xxh3::new();
    for request in &generated.requests {
        hasher.update(&request.framed());
    }
    for line in describe(&generated) {
        output::result(&line);
    }
    output::result(&format!("hash                 {:016x}", hasher.digest()));
    output::result(&format!("generated in         {seconds:.1} s"));
    Ok(())
}

fn describe(generated: &Generated) -> Vec<String> {
    let truth = &generated.truth;
    let records = truth.records() as f64;
    let sent = truth.sent_records as f64;
    let requests = generated.requests.len();
    let spans: u64 = truth.services.values().map(|service| service.spans).sum();
    let signal_bytes = |signal| -> u64 {
        let of = generated.requests.iter().filter(|request| request.signal == signal);
        of.map(|request| request.message().len() as u64).sum()
    };
    let flows = truth.flows.len() as f64;
    let traces: usize = truth.flows.iter().map(|flow| flow.traces.len()).sum();
    let failed = truth.flows.iter().filter(|flow| flow.error_spans > 0).count();
    let mut lines = vec![
        format!(
            "records              {} ({} spans, {} log records)",
            truth.records(),
            spans,
            truth.records() - spans
        ),
        format!(
            "sent, with resends   {} in {requests} requests of {:.0}",
            truth.sent_records,
            sent / requests as f64
        ),
        format!("second copies        {} spans", truth.duplicates()),
        format!(
            "bytes a record       {:.1} (spans {:.1}, log records {:.1})",
            generated.bytes() as f64 / sent,
            signal_bytes(Signal::Spans) as f64 / spans as f64,
            signal_bytes(Signal::Logs) as f64 / (records - spans as f64),
        ),
        format!(
            "flows                {} of {:.2} records and {:.2} traces; {failed} with errors",
            truth.flows.len(),
            records / flows,
            traces as f64 / flows
        ),
    ];
    lines.extend(
        SEARCHES
            .iter()
            .zip(&truth.searches)
            .map(|(case, found)| format!("{:<20} {}", found.count, case.query())),
    );
    lines
}

/// Generates, sends, and prints what came of it.
pub async fn load(arguments: &LoadArgs) -> Result<()> {
    let options = load_options(&arguments.sender, arguments.to, arguments.rate)?;
    let generated = generate(&workload(&arguments.workload)?);
    let report = timed(&generated, &options).await?;
    ensure!(
        report.refused == 0 && report.lost == 0,
        "{} requests refused, {} lost",
        report.refused,
        report.lost
    );
    Ok(())
}

/// Sends a workload to a sink that runs in another process, so that each pays for itself.
pub async fn ceiling(arguments: &CeilingArgs) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    drop(listener);
    let program = std::env::current_exe()?;
    let child = Command::new(program)
        .args(["sink", "--listen", &address.to_string()])
        .stdin(Stdio::null())
        .spawn()?;
    let sink = KilledOnDrop(child);
    let options = load_options(&arguments.sender, address, None)?;
    let generated = generate(&workload(&arguments.workload)?);
    wait_for(address).await?;
    let before = process::cpu(sink.0.id())?;
    let report = timed(&generated, &options).await?;
    let used = process::cpu(sink.0.id())?.saturating_sub(before);
    output::result(&format!("sink CPU             {:.2} µs/record", per_record(used, &report)));
    Ok(())
}

struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn wait_for(address: SocketAddr) -> Result<()> {
    for _ in 0..500 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("nothing listens on {address}");
}

/// Sends and prints, with the sender's own CPU time.
async fn timed(generated: &Generated, options: &LoadOptions) -> Result<LoadReport> {
    let requests: Arc<[Prepared]> = prepare(&generated.requests, options.wire)?.into();
    let own = std::process::id();
    let before = process::cpu(own)?;
    let report = send_all(requests, options).await.context("send the workload")?;
    let used = process::cpu(own)?.saturating_sub(before);
    output::result(&format!(
        "acknowledged         {} records in {:.2} s",
        report.acked_records,
        report.elapsed.as_secs_f64()
    ));
    output::result(&format!("rate                 {:.0} records/s", report.rate()));
    output::result(&format!("sender CPU           {:.2} µs/record", per_record(used, &report)));
    let latency = [0.5, 0.99, 1.0].map(|quantile| report.latency_ms(quantile));
    output::result(&format!(
        "ack latency          p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        latency[0], latency[1], latency[2]
    ));
    output::result(&format!(
        "rejected {}, retries {}, refused {}, lost {}",
        report.rejected_records, report.retries, report.refused, report.lost
    ));
    for refusal in &report.refusals {
        output::result(&format!("refused              {refusal}"));
    }
    Ok(report)
}

fn per_record(used: Duration, report: &LoadReport) -> f64 {
    used.as_secs_f64() * 1e6 / report.acked_records.max(1) as f64
}

/// Serves as a sink until killed.
pub async fn serve_sink(listen: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
    sink::serve(listener, Arc::default()).await
}
