//! A server that holds one order: two traces joined by a link, an error, a service that only logs.

use std::io::Write as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Server, folder, request};

pub(crate) const T: u64 = 1_768_464_000_000_000_000;
pub(crate) const ORDER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PAYMENT_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const MS: u64 = 1_000_000;
const CONFIG: &str = "
store: {retention_seconds: 0}
correlation:
  keys:
    - {name: order.id, attributes: [order.id]}
owners: {payment: payments-team}
";

/// The server and its data.
pub(crate) struct Shop {
    pub(crate) server: Server,
    _folder: TempDir,
}

/// Starts a server and sends it the order.
pub(crate) fn shop() -> Shop {
    let folder = folder();
    let config = folder.path().join("spoor.yaml");
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&config)
        .and_then(|mut file| file.write_all(CONFIG.as_bytes()))
        .unwrap();
    let server = Server::start(&folder.path().join("data"), &["--config", config.to_str().unwrap()]);
    send(&server, "traces", &json!({"resourceSpans": spans()}));
    send(&server, "logs", &json!({"resourceLogs": logs()}));
    Shop { server, _folder: folder }
}

/// Sends an OTLP request.
pub(crate) fn send(server: &Server, signal: &str, body: &Value) {
    let start = format!("POST /v1/{signal} HTTP/1.1\r\nContent-Type: application/json\r\n");
    let answer = request(server.otlp_http, &start, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// A log record of a service, at so many milliseconds.
pub(crate) fn log(severity: u64, body: &str, place: [&str; 2], at_ms: u64) -> Value {
    json!({
        "timeUnixNano": (T + at_ms * MS).to_string(), "severityNumber": severity, "body": {"stringValue": body},
        "traceId": place[0], "spanId": place[1],
    })
}

/// Records of one service, as part of a request.
pub(crate) fn of(service: &str, scope: &str, list: &str, records: Value) -> Value {
    let mut scopes = json!({});
    scopes[list] = records;
    let mut group = json!({"resource": {"attributes": [text("service.name", service)]}});
    group[scope] = json!([scopes]);
    group
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn with_order(mut record: Value) -> Value {
    record["attributes"] = json!([text("order.id", "ord-1042")]);
    record
}

fn id(short: &str) -> String {
    if short.is_empty() { String::new() } else { format!("{short:0>16}") }
}

fn span(name: &str, trace: &str, ids: [&str; 2], times_ms: [u64; 2]) -> Value {
    let [start, end] = times_ms.map(|ms| (T + ms * MS).to_string());
    let [own, parent] = ids.map(id);
    with_order(json!({
        "name": name, "traceId": trace, "spanId": own, "parentSpanId": parent, "kind": 2,
        "startTimeUnixNano": start, "endTimeUnixNano": end,
    }))
}

fn spans() -> Value {
    let mut process = span("orders process", PAYMENT_TRACE, ["b1", ""], [41_000, 42_600]);
    process["links"] = json!([{"traceId": ORDER_TRACE, "spanId": id("a3")}]);
    let mut charge = span("Charge", PAYMENT_TRACE, ["b2", "b1"], [41_050, 42_558]);
    charge["status"] = json!({"code": 2, "message": "gateway timed out after 1500 ms"});
    let group = |service, spans| of(service, "scopeSpans", "spans", spans);
    json!([
        group("frontend", json!([span("POST /checkout", ORDER_TRACE, ["a1", ""], [0, 900])])),
        group(
            "checkout",
            json!([
                span("PlaceOrder", ORDER_TRACE, ["a2", "a1"], [20, 880]),
                span("orders publish", ORDER_TRACE, ["a3", "a2"], [850, 870]),
            ])
        ),
        group("accounting", json!([process])),
        group("payment", json!([charge])),
    ])
}

fn logs() -> Value {
    let hostile = "confirmation queued \u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}done";
    let (checkout, charge) = (id("a2"), id("b2"));
    let group = |service, logs| of(service, "scopeLogs", "logRecords", logs);
    json!([
        group("checkout", json!([log(9, "order received", [ORDER_TRACE, &checkout], 30)])),
        group(
            "payment",
            json!([
                log(13, "gateway slow, attempt 1 of 2", [PAYMENT_TRACE, &charge], 41_700),
                log(17, "charge failed\n\tat charge (charge.js:84)", [PAYMENT_TRACE, &charge], 42_555),
            ])
        ),
        group("mailer", json!([with_order(log(9, hostile, ["", ""], 1_500))])),
    ])
}
