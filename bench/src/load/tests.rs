//! The sender against a sink: everything arrives once, retries are counted, and a broken connection loses only its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;

use super::*;
use crate::generate::{Generated, Workload, generate};
use crate::sink::{self, Taken};

fn workload() -> Generated {
    generate(&Workload {
        seed: 1,
        wave: 0,
        records: 5_000,
        end: 1_900_000_000_000_000_000,
        unique_attributes: 0,
    })
}

/// Sends the workload to a fresh sink that throttles the first `throttled` requests.
async fn run(
    generated: &Generated,
    grpc: bool,
    gzip: bool,
    throttled: u64,
    rate: Option<f64>,
) -> (LoadReport, Arc<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire { address: listener.local_addr().unwrap(), grpc, gzip };
    let taken = Arc::new(Taken::default());
    taken.throttled.store(throttled, Ordering::Relaxed);
    let mut server = tokio::task::JoinSet::new();
    let serving = Arc::clone(&taken);
    server.spawn(async move { sink::serve(listener, serving).await });
    let requests: Arc<[Prepared]> = prepare(&generated.requests, wire).unwrap().into();
    let report = send_all(requests, &LoadOptions { wire, connections: 2, in_flight: 3, rate }).await.unwrap();
    (report, taken)
}

#[tokio::test]
async fn every_request_arrives_once_over_each_transport() {
    let generated = workload();
    for (grpc, gzip) in [(true, false), (true, true), (false, false), (false, true)] {
        let (report, taken) = run(&generated, grpc, gzip, 0, None).await;
        assert_eq!(report.refusals, Vec::<String>::new());
        assert_eq!(report.acked_records, generated.truth.sent_records);
        assert_eq!(report.acked, (0..generated.requests.len() as u32).collect::<Vec<_>>());
        assert_eq!(taken.requests.load(Ordering::Relaxed), generated.requests.len() as u64);
        let bytes = taken.bytes.load(Ordering::Relaxed);
        let framing = if grpc { crate::generate::GRPC_HEADER * generated.requests.len() } else { 0 };
        let plain = generated.bytes() + framing as u64;
        assert!(if gzip { bytes < plain } else { bytes == plain }, "{bytes} bytes of {plain}");
    }
}

#[tokio::test]
async fn throttled_requests_are_sent_again_and_counted() {
    let generated = workload();
    for grpc in [true, false] {
        let (report, _) = run(&generated, grpc, false, 4, None).await;
        assert_eq!(report.retries, 4);
        assert_eq!(report.acked_records, generated.truth.sent_records);
    }
}

#[tokio::test]
async fn a_rate_spreads_the_requests() {
    let generated = workload();
    let seconds = 0.4;
    let rate = generated.truth.sent_records as f64 / seconds;
    let (report, _) = run(&generated, true, false, 0, Some(rate)).await;
    let last = generated.requests.last().unwrap().records;
    let due = seconds - f64::from(last) / rate;
    assert!(report.elapsed >= Duration::from_secs_f64(due), "took {:?}, due {due}", report.elapsed);
}

#[tokio::test]
async fn a_server_that_goes_away_is_lost_not_acknowledged() {
    let generated = workload();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire { address: listener.local_addr().unwrap(), grpc: true, gzip: false };
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        for _ in 0..2 {
            drop(listener.accept().await);
        }
    });
    let requests: Arc<[Prepared]> = prepare(&generated.requests, wire).unwrap().into();
    let report =
        send_all(requests, &LoadOptions { wire, connections: 2, in_flight: 1, rate: None }).await.unwrap();
    assert_eq!(report.acked_records, 0);
    assert!(report.lost > 0);
}
