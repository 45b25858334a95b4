//! Drawings of one flow: two traces, a link, an error, a service that only logs. `INSTA_UPDATE=always` draws them anew.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::client::text::width;

const T: u64 = 1_768_464_000_000_000_000;
const MS: u64 = 1_000_000;
const ORDER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PAYMENT_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn drawing(columns: usize, ascii: bool) -> Drawing {
    Drawing {
        columns,
        ascii,
        logs: WhichLogs::All,
        depth_max: None,
        page: Some("http://127.0.0.1:16686/flow/order.id/ord-1042".to_owned()),
        paint: Paint { on: false },
        moments: Moments::Exact,
    }
}

fn span(service: &str, name: &str, trace: &str, ids: [&str; 2], start_ms: u64, nanos: u64) -> Value {
    json!({
        "signal": "spans", "service": service, "name": name, "trace_id": trace, "span_id": ids[0],
        "parent_span_id": ids[1], "kind": "internal", "status": "unset", "time": (T + start_ms * MS).to_string(),
        "duration_ns": nanos.to_string(),
    })
}

fn log(service: &str, severity: (&str, u64), body: &str, place: [&str; 2], at_ms: u64) -> Value {
    json!({
        "signal": "logs", "service": service, "severity": severity.0, "severity_number": severity.1, "body": body,
        "trace_id": place[0], "span_id": place[1], "time": (T + at_ms * MS).to_string(),
    })
}

fn service(name: &str, owner: Option<&str>, spans: u64, errors: u64) -> Value {
    json!({"name": name, "owner": owner, "span_count": spans, "log_count": 1, "error_count": errors})
}

/// An order that is placed in one trace, and fails 40 s later in the trace its message makes happen.
fn order() -> Value {
    let mut charge = span("payment", "Charge", PAYMENT_TRACE, ["b2", "b1"], 41_050, 1_508 * MS);
    charge["status"] = json!("error");
    charge["status_message"] = json!("gateway timed out after 1500 ms");
    let link = json!({"trace_id": PAYMENT_TRACE, "span_id": "b1", "to_trace_id": ORDER_TRACE, "to_span_id": "a3", "queue_ns": "40130000000"});
    json!({
        "id": "ord-1042", "keys": ["order.id"], "state": "error",
        "cause": {
            "signal": "spans", "service": "payment", "owner": "payments", "name": "Charge", "span_id": "b2",
            "message": "gateway timed out after 1500 ms", "trace_id": PAYMENT_TRACE, "time": (T + 41_050 * MS).to_string(),
        },
        "completeness": {"verdict": "incomplete", "reasons": [
            {"code": "missing_parents", "message": "1 span names a parent that is not here", "count": 1},
        ]},
        "start": T.to_string(), "end": (T + 42_600 * MS).to_string(), "busy_ns": "2500000000",
        "traces": [
            {"trace_id": ORDER_TRACE, "root_service": "frontend", "root_name": "POST /checkout", "linked_from": null},
            {"trace_id": PAYMENT_TRACE, "root_service": "accounting", "root_name": "orders process", "linked_from":
                {"trace_id": ORDER_TRACE, "span_id": "a3", "service": "checkout", "queue_ns": "40130000000"}},
        ],
        "services": [
            service("frontend", None, 1, 0), service("checkout", None, 2, 0), service("cart", None, 2, 0),
            service("mailer", None, 0, 0), service("accounting", Some("finance"), 1, 0),
            service("payment", Some("payments"), 1, 2),
        ],
        "error_count": 2, "duplicate_count": 3, "truncated": null, "links": [link],
        "spans": [
            span("frontend", "POST /checkout", ORDER_TRACE, ["a1", ""], 0, 900 * MS),
            span("checkout", "oteldemo.CheckoutService/PlaceOrder", ORDER_TRACE, ["a2", "a1"], 20, 860 * MS),
            span("cart", "GetCart", ORDER_TRACE, ["a4", "a2"], 40, 60 * MS),
            span("cart", "HGETALL", ORDER_TRACE, ["a5", "a4"], 50, 400_000),
            span("checkout", "orders publish", ORDER_TRACE, ["a3", "a2"], 850, 20 * MS),
            span("accounting", "orders process", PAYMENT_TRACE, ["b1", "gone"], 41_000, 1_600 * MS),
            charge,
        ],
        "logs": [
            log("checkout", ("info", 9), "order ord-1042 received", [ORDER_TRACE, "a2"], 30),
            log("mailer", ("info", 9), "confirmation queued \u{1b}[2J\u{1b}]0;owned\u{7} for ord-1042", ["", ""], 1_500),
            log("gateway", ("warn", 13), "slow, attempt 1 of 2", [PAYMENT_TRACE, "b2"], 41_700),
            log("payment", ("error", 17), "charge failed\n\tat charge (charge.js:84)\n", [PAYMENT_TRACE, "b2"], 42_555),
        ],
    })
}

fn flow(json: Value) -> Flow {
    serde_json::from_value(json).unwrap()
}

#[test]
fn through_a_pipe() {
    insta::assert_snapshot!(draw(&flow(order()), &drawing(100, true)));
}

#[test]
fn on_a_terminal() {
    insta::assert_snapshot!(draw(&flow(order()), &drawing(120, false)));
}

#[test]
fn on_a_narrow_terminal() {
    insta::assert_snapshot!(draw(&flow(order()), &drawing(56, false)));
}

#[test]
fn two_levels_without_logs() {
    let drawing = Drawing { logs: WhichLogs::None, depth_max: Some(2), ..drawing(100, true) };
    insta::assert_snapshot!(draw(&flow(order()), &drawing));
}

#[test]
fn errors_alone_of_the_logs() {
    let text = draw(&flow(order()), &Drawing { logs: WhichLogs::Errors, ..drawing(100, true) });
    assert!(text.contains("error charge failed (+1 more line)"), "{text}");
    assert!(!text.contains("attempt 1 of 2"), "{text}");
}

#[test]
fn what_a_bound_left_out_is_said() {
    let mut order = order();
    order["truncated"] =
        json!({"reason": "a flow has at most 20000 records", "spans": 1_200, "logs": 0, "traces": 1});
    let text = draw(&flow(order), &drawing(100, true));
    assert!(text.contains("left out  1,200 spans, 1 trace: a flow has at most 20000 records\n"), "{text}");
}

#[test]
fn colours_add_nothing_but_colour() {
    let plain = draw(&flow(order()), &drawing(100, false));
    let colored = draw(&flow(order()), &Drawing { paint: Paint { on: true }, ..drawing(100, false) });
    let mut stripped = String::new();
    for (index, piece) in colored.split('\u{1b}').enumerate() {
        let text = if index == 0 { piece } else { piece.split_once('m').unwrap().1 };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn many_links_of_one_span_are_counted() {
    let mut order = order();
    let link = |number: u64| json!({"trace_id": ORDER_TRACE, "span_id": "a1", "to_trace_id": format!("{number:032x}"), "to_span_id": "1", "queue_ns": null});
    order["links"] = json!((0..7).map(link).collect::<Vec<_>>());
    let text = draw(&flow(order), &drawing(100, true));
    assert_eq!(text.matches("<- link from trace ").count(), 3, "{text}");
    assert!(text.contains("<- 4 more links\n"), "{text}");
}

#[test]
fn a_chain_as_deep_as_a_flow_is_large_is_drawn() {
    let id = |number: u64| format!("{number:016x}");
    let spans = (1..20_000).map(|number| {
        let parent = if number == 1 { String::new() } else { id(number - 1) };
        span("deep", "call", ORDER_TRACE, [&id(number), &parent], number, MS)
    });
    let text = draw(&flow(json!({"id": "x", "spans": spans.collect::<Vec<_>>()})), &drawing(100, true));
    assert_eq!(text.matches("call").count(), 19_999);
    assert!(text.contains("(+19989) call"), "no depth is said");
}

/// Records that contradict each other: any parent, any trace, any times, text of any kind.
fn any_flow() -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just(String::new()), "[a-f]", "\\PC{0,4}"];
    let text = prop_oneof!["\\PC{0,60}", any::<String>(), Just("wide 漢字 \u{1b}[31m".to_owned())];
    let record =
        (id.clone(), id.clone(), id, text.clone(), text, 0_u64..u64::MAX, 0_u64..u64::MAX, any::<bool>());
    prop::collection::vec(record, 0..14).prop_map(|records| {
        let (mut spans, mut logs) = (Vec::new(), Vec::new());
        for (trace, id, parent, service, words, time, length, is_error) in records {
            let (status, number) = if is_error { ("error", 17) } else { ("unset", 9) };
            if time % 3 == 0 {
                logs.push(json!({
                    "signal": "logs", "service": service, "severity": words, "severity_number": number, "body": words,
                    "trace_id": trace, "span_id": id, "time": time.to_string(),
                }));
            } else {
                spans.push(json!({
                    "signal": "spans", "service": service, "name": words, "trace_id": trace, "span_id": id,
                    "parent_span_id": parent, "status": status, "status_message": service, "time": time.to_string(),
                    "duration_ns": length.to_string(), "kind": if time % 2 == 0 { "client" } else { "server" },
                }));
            }
        }
        json!({"id": "x", "keys": ["k"], "state": "ok", "spans": spans, "logs": logs})
    })
}

proptest! {
    #[test]
    fn every_flow_fits_and_none_drives_the_terminal(
        json in any_flow(),
        columns in 40_usize..160,
        depth_max in prop::option::of(1_u32..4),
    ) {
        let flow = flow(json);
        let text = draw(&flow, &Drawing { depth_max, page: None, ..drawing(columns, false) });
        for line in text.lines() {
            prop_assert!(width(line) <= columns, "{} of {columns}: {line}", width(line));
            prop_assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
        }
    }
}
