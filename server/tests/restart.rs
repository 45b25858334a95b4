//! The thinnest whole slice: what was acknowledged is found at once, and found again after a power cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::path::Path;

use process::{Server, finish, folder, request, spoor, unix_nanos};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Exports one span and one log of order `id` that ended at `at`, each over its own signal.
fn export(server: &Server, id: &str, at: u64) {
    let (start, logged) = (at - 250_000_000, at - 150_000_000);
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]}"#;
    let span = format!(
        r#"{{"traceId":"{TRACE}","spanId":"b7ad6b7169203331","name":"PlaceOrder","kind":2,
            "startTimeUnixNano":"{start}","endTimeUnixNano":"{at}",
            "attributes":[{{"key":"correlation.id","value":{{"stringValue":"{id}"}}}}]}}"#
    );
    let log = format!(
        r#"{{"timeUnixNano":"{logged}","severityNumber":17,"body":{{"stringValue":"card declined"}},
            "traceId":"{TRACE}","spanId":"b7ad6b7169203331"}}"#
    );
    let spans =
        format!(r#"{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    let logs =
        format!(r#"{{"resourceLogs":[{{"resource":{resource},"scopeLogs":[{{"logRecords":[{log}]}}]}}]}}"#);
    // Either port takes either signal.
    for (address, path, body) in [(server.otlp_http, "traces", spans), (server.otlp_grpc, "logs", logs)] {
        let head = format!("POST /v1/{path} HTTP/1.1\r\nContent-Type: application/json\r\n");
        let answer = request(address, &head, body.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// Checks that the order's flow holds the span and the log, once each.
fn check_flow(server: &Server, id: &str) {
    let found = server.get(&format!("/api/v1/find?id={id}")).json();
    assert_eq!(found["matches"][0]["id"], id, "{found}");
    let flow = server.get(&format!("/api/v1/flows/{id}")).json();
    assert_eq!((flow["span_count"].as_u64(), flow["log_count"].as_u64()), (Some(1), Some(1)), "{flow}");
    assert_eq!(flow["spans"][0]["name"], "PlaceOrder", "{flow}");
    assert_eq!(flow["logs"][0]["body"], "card declined", "{flow}");
}

/// Checks that the span is told of as a request, and how often the metrics of this process counted it.
fn check_requests(server: &Server, counted: usize) {
    let services = server.get("/api/v1/services").json();
    assert_eq!(services["services"][0]["request_count"], 1, "{services}");
    let metrics = server.get("/metrics").body;
    let line = "traces_spanmetrics_calls_total{service=\"checkout\",span_name=\"PlaceOrder\",\
                span_kind=\"SPAN_KIND_SERVER\",status_code=\"STATUS_CODE_UNSET\"} 1\n";
    assert_eq!(metrics.matches(line).count(), counted, "{metrics}");
    assert_eq!(metrics.matches("traces_spanmetrics_calls_total{").count(), counted, "{metrics}");
}

fn start(data_dir: &Path) -> Server {
    Server::start(data_dir, &[])
}

#[test]
fn acknowledged_records_are_found_at_once_and_after_a_kill() {
    let (folder, at) = (folder(), unix_nanos());
    let server = start(folder.path());
    export(&server, "ord-1042", at);
    check_flow(&server, "ord-1042");
    check_requests(&server, 1);
    server.kill();
    let server = start(folder.path());
    check_flow(&server, "ord-1042");
    check_requests(&server, 0);
    // Resent by a client that lost the answer: stored once.
    export(&server, "ord-1042", at);
    check_flow(&server, "ord-1042");
}

#[test]
fn a_clean_stop_keeps_everything_too() {
    let folder = folder();
    let server = start(folder.path());
    export(&server, "ord-1043", unix_nanos());
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    let server = start(folder.path());
    check_flow(&server, "ord-1043");
    check_requests(&server, 0);
}

#[test]
fn a_data_directory_has_one_owner() {
    let folder = folder();
    let server = start(folder.path());
    let flags = ["--otlp-grpc", "--otlp-http", "--http", "--jaeger-grpc"];
    let mut second = spoor(&flags.map(|flag| [flag, "127.0.0.1:0"]).concat());
    let (code, _, said) = finish(second.arg("--data-dir").arg(folder.path()));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is in use by another process"), "{said}");
    assert_eq!(server.get("/readyz").status, 200);
}
