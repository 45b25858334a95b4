//! `spoor tail` against a server that streams as the API says.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::ask;
use crate::fake::{Answer, Fake, Then};
use crate::process::finish;

fn event(number: u64) -> String {
    let record = json!({
        "signal": "logs", "time": (1_768_464_000_000_000_000 + number).to_string(), "service": "checkout",
        "severity": "info", "severity_number": 9, "body": format!("line {number}"),
    });
    format!("event: record\ndata: {record}\n\n")
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn records_appear_as_they_arrive_until_ctrl_c() {
    let body = format!(": ping\n\n{}event: dropped\ndata: {{\"count\":120}}\n\n{}", event(1), event(2));
    let fake = Fake::start(vec![Answer::events(&body).then(Then::Hold)]);
    let mut child = start(&mut ask(fake.address, &["tail", "service:checkout", "--signal", "logs"]));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // They can be read while the stream goes on.
    assert_eq!(lines.next().unwrap(), "2026-01-15T08:00:00.000000001Z  INFO   checkout  line 1");
    assert_eq!(lines.next().unwrap(), "2026-01-15T08:00:00.000000002Z  INFO   checkout  line 2");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "spoor: 120 records dropped, the reader was too slow\n");
    assert!(
        fake.asked()[0].starts_with("get /api/v1/tail?q=service%3acheckout&signal=logs http"),
        "{:?}",
        fake.asked()
    );
}

#[test]
fn a_lost_connection_is_made_anew_and_said() {
    let fake = Fake::start(vec![
        Answer::events(&event(1)).then(Then::Break),
        Answer::new(503, "text/plain", "stopping"),
        Answer::events(&format!("{}{}", event(2), event(3))).then(Then::Hold),
    ]);
    let (code, out, said) = finish(&mut ask(fake.address, &["tail", "--limit", "3"]));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(out.lines().count(), 3, "{out}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("spoor: connection lost (connection to the server broke: "), "{said}");
    assert!(lines[0].contains("; trying again in "), "{said}");
    assert!(
        lines[1].starts_with("spoor: connection lost (server is not ready: stopping); trying again in "),
        "{said}"
    );
    assert_eq!(lines[2], "spoor: connected again; what arrived in between is not shown");
}

#[test]
fn a_lost_connection_goes_on_where_it_was() {
    let failed = r#"{"error":{"code":"unavailable","message":"stopping"}}"#;
    let fake = Fake::start(vec![
        Answer::events(&format!("id: 7-1\n{}event: error\ndata: {failed}\n\n", event(1))),
        Answer::events(&format!("event: dropped\ndata: {{\"count\":null}}\n\n{}", event(2))),
    ]);
    let (code, out, said) = finish(&mut ask(fake.address, &["tail", "--limit", "2"]));
    assert_eq!((code, out.lines().count()), (Some(0), 2), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("spoor: connection lost (stopping); trying again in "), "{said}");
    assert_eq!(lines[1], "spoor: connected again, going on after the last record");
    assert_eq!(lines[2], "spoor: records may be missing here; nobody can tell how many");
    let asked = fake.asked();
    assert!(!asked[0].contains("last-event-id"), "{asked:?}");
    assert!(asked[1].contains("last-event-id: 7-1"), "{asked:?}");
}

#[test]
fn a_refusal_after_a_lost_connection_ends_it() {
    let refusal = r#"{"error":{"code":"invalid","message":"no such tenant"}}"#;
    let fake = Fake::start(vec![Answer::events(&event(1)), Answer::new(400, "application/json", refusal)]);
    let (code, out, said) = finish(&mut ask(fake.address, &["tail"]));
    assert_eq!((code, out.lines().count()), (Some(2), 1), "{said}");
    assert!(said.ends_with("spoor: no such tenant\n"), "{said}");
}

#[test]
fn as_json_each_record_is_a_line() {
    let body = format!("event: record\ndata: {{\"time\":\"1\",\ndata: \"body\":\"x\"}}\n\n{}", event(2));
    let fake = Fake::start(vec![Answer::events(&body).then(Then::Hold)]);
    let (code, out, _) = finish(&mut ask(fake.address, &["tail", "--json", "--limit", "2"]));
    assert_eq!(code, Some(0));
    let records: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((records.len(), &records[0]["body"]), (2, &json!("x")));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let body: String = (0..20_000).map(event).collect();
    let fake = Fake::start(vec![Answer::events(&body).then(Then::Hold)]);
    let mut child = start(&mut ask(fake.address, &["tail"]));
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.ends_with("line 0\n"), "{first}");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn what_is_no_stream_is_a_failure() {
    let fake = Fake::start(vec![Answer::json("{}")]);
    let (code, _, said) = finish(&mut ask(fake.address, &["tail"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("(no event stream)"), "{said}");
}
