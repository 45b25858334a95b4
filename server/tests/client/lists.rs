//! `spoor services` against a real server; `spoor flows` and `spoor stats` against answers as the API says they are.

use serde_json::{Value, json};

use crate::ask;
use crate::fake::{Answer, Fake};
use crate::order::shop;
use crate::process::{finish, spoor};

fn cells(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}

#[test]
fn services_are_rows() {
    let shop = shop();
    let (code, text, _) = finish(&mut ask(shop.server.http, &["services"]));
    assert_eq!(code, Some(0));
    assert!(text.starts_with("SERVICE  "), "{text}");
    let payment = text.lines().find(|line| line.starts_with("payment ")).unwrap();
    assert!(payment.contains("payments-team"), "{text}");
    let (_, json, _) = finish(&mut ask(shop.server.http, &["services", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["services"].as_array().unwrap().len(), 5);
}

#[test]
fn flows_are_rows_and_the_next_page_is_said() {
    let answer = json!({"flows": [{
        "key": "order.id", "id": "ord-1042", "state": "error",
        "cause": {"service": "payment", "message": "gateway\u{1b}[2J timed out"},
        "start": "1768464000000000000", "end": "1768464042600000000", "duration_ns": "42600000000",
        "services": ["a", "b", "c", "d", "e"], "span_count": 5, "log_count": 4, "error_count": 2,
        "truncated": {"reason": "r"},
    }], "cursor": "next"});
    let fake = Fake::start(vec![Answer::json(&answer.to_string())]);
    let arguments = ["flows", "--state", "error", "--key", "order.id", "--limit", "1"];
    let (code, text, said) = finish(&mut ask(fake.address, &arguments));
    assert_eq!(code, Some(0));
    assert_eq!(
        cells(&text)[1],
        [
            "2026-01-15T08:00:00.000000000Z",
            "error",
            "order.id",
            "ord-1042",
            "42.6 s",
            "5+",
            "4+",
            "2+",
            "a, b, c, d, +1 more",
            "payment: gateway\\x1b[2J timed out",
        ]
    );
    assert_eq!(said, "spoor: there are older ones; go on with --cursor next\n");
    assert!(
        fake.asked()[0].starts_with("get /api/v1/flows?key=order.id&state=error&limit=1 http"),
        "{:?}",
        fake.asked()
    );
}

#[test]
fn stats_are_rows_of_groups() {
    let answer = json!({"groups": [
        {"by": {"service": "payment"}, "values": {"count": 12, "p95(duration)": 1_500_000_000}},
        {"by": {"service": "cart"}, "values": {"count": 3, "p95(duration)": null}},
    ], "truncated": 4, "ignored": {"duration": 1}, "approximate": ["p95(duration)"]});
    let fake = Fake::start(vec![Answer::json(&answer.to_string())]);
    let arguments = ["stats", "severity:error", "--by", "service", "--select", "count,p95(duration)"];
    let (code, text, said) = finish(&mut ask(fake.address, &arguments));
    assert_eq!(code, Some(0));
    assert_eq!(
        cells(&text),
        [["SERVICE", "COUNT", "P95(DURATION)"], ["payment", "12", "1.5 s"], ["cart", "3", "-"]]
    );
    assert_eq!(
        said,
        "spoor: 1 record left out of `duration`, whose value is no number\nspoor: `p95(duration)` is estimated\n\
         spoor: 4 groups left out; see --limit\n"
    );
    let asked = &fake.asked()[0];
    assert!(
        asked.contains("q=severity%3aerror&group_by=service&select=count%2cp95%28duration%29 "),
        "{asked}"
    );
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, _) = finish(&mut spoor(&["completions", shell]));
        assert_eq!(code, Some(0), "{shell}");
        for command in ["flow", "search", "tail", "export", "services"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}
