//! `spoor search` against a real server: order, pages, hostile text, a reader that leaves.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::ask;
use crate::order::{T, log, of, send, shop};
use crate::process::finish;

#[test]
fn records_are_lines_as_a_log_is_read() {
    let shop = shop();
    let (code, text, said) =
        finish(&mut ask(shop.server.http, &["search", "service:payment", "severity:>=warn"]));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let trace = "trace_id=4bf92f3577b34da6a3ce929d0e0e4736  span_id=00000000000000b2";
    assert_eq!(
        text,
        format!(
            "2026-01-15T08:00:41.700000000Z  WARN   payment  gateway slow, attempt 1 of 2  {trace}\n\
             2026-01-15T08:00:42.555000000Z  ERROR  payment  charge failed\\n\\tat charge (charge.js:84)  {trace}\n"
        )
    );
    let (_, reversed, _) =
        finish(&mut ask(shop.server.http, &["search", "service:payment severity:>=warn", "--reverse"]));
    assert_eq!(reversed.lines().rev().collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
}

#[test]
fn a_log_cannot_drive_the_terminal() {
    let shop = shop();
    let (code, text, _) = finish(&mut ask(shop.server.http, &["search", "service:mailer"]));
    assert_eq!(code, Some(0));
    assert_eq!(
        text,
        "2026-01-15T08:00:01.500000000Z  INFO   mailer  confirmation queued \\x1b[2J\\x1b]0;owned\\x07\\r\\n\\u{202e}done  \
         order.id=ord-1042\n"
    );
}

#[test]
fn pages_follow_each_other_and_what_is_left_is_said() {
    let shop = shop();
    let logs: Vec<Value> =
        (0..1_500).map(|number| log(9, &format!("line {number}"), ["", ""], 50_000 + number)).collect();
    send(
        &shop.server,
        "logs",
        &json!({"resourceLogs": [of("bulk", "scopeLogs", "logRecords", json!(logs))]}),
    );
    let search =
        |more: &[&str]| finish(&mut ask(shop.server.http, &[&["search", "service:bulk"], more].concat()));

    let (_, all, said) = search(&["--limit", "2000"]);
    let numbers: Vec<&str> = all.lines().map(|line| line.split("line ").nth(1).unwrap().trim()).collect();
    assert_eq!(numbers, (0..1_500).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(said, "");

    let (_, newest, said) = search(&["--limit", "1200"]);
    assert_eq!(newest.lines().count(), 1_200);
    let cursor = said.trim().split("--cursor ").nth(1).unwrap();
    let (_, oldest, said) = search(&["--limit", "1200", "--cursor", cursor]);
    assert_eq!(format!("{oldest}{newest}"), all);
    assert_eq!(said, "");

    // As JSON each page is a line.
    let (_, pages, _) = search(&["--limit", "1200", "--json"]);
    let records = pages
        .lines()
        .map(|page| serde_json::from_str::<Value>(page).unwrap()["records"].as_array().unwrap().len());
    assert_eq!(records.collect::<Vec<_>>(), [1_000, 200]);
}

#[test]
fn ranges_and_signals_narrow() {
    let shop = shop();
    let count = |arguments: &[&str]| {
        let (code, text, said) = finish(&mut ask(shop.server.http, &[&["search"], arguments].concat()));
        (code, text.lines().count(), said)
    };
    assert_eq!(count(&["--signal", "spans"]).1, 5);
    assert_eq!(count(&["--start", "2026-01-15T08:00:40Z", "--end", &(T + 60_000_000_000).to_string()]).1, 4);
    let (code, lines, said) = count(&["--since", "1h 30m"]);
    assert_eq!((code, lines, said.as_str()), (Some(3), 0, "spoor: nothing found\n"));
    assert_eq!(count(&["--start", "-15m", "--quiet"]), (Some(3), 0, String::new()));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let shop = shop();
    let logs: Vec<Value> =
        (0..1_000).map(|number| log(9, &"x".repeat(500), ["", ""], 50_000 + number)).collect();
    send(
        &shop.server,
        "logs",
        &json!({"resourceLogs": [of("bulk", "scopeLogs", "logRecords", json!(logs))]}),
    );
    for arguments in [&["search", "--limit", "1000"][..], &["flow", "ord-1042"], &["completions", "bash"]] {
        let mut command = ask(shop.server.http, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
