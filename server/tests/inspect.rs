//! `spoor inspect` tells what is stored, changes nothing, and says what is wrong with a torn log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::path::Path;

use process::{Server, finish, folder, request, spoor};

fn inspect(what: &str, data_dir: &Path) -> (Option<i32>, String, String) {
    finish(spoor(&["inspect", what, "--data-dir"]).arg(data_dir))
}

/// Stores one log record of the second `at`.
fn export(server: &Server, at: i64) {
    let record = format!(r#"{{"timeUnixNano":"{at}000000000","body":{{"stringValue":"hello"}}}}"#);
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#);
    let head = "POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\n";
    assert_eq!(request(server.otlp_http, head, body.as_bytes()).status, 200);
}

#[test]
fn a_clean_stop_leaves_a_split_and_the_catalog_knows_it() {
    let (folder, at) = (folder(), jiff::Timestamp::now().as_second());
    let server = Server::start(folder.path(), &[]);
    export(&server, at);
    server.signal("TERM");
    server.wait();
    let (code, splits, said) = inspect("splits", folder.path());
    assert_eq!(code, Some(0), "{said}");
    let (splits, sections) = splits.split_once("\n\n").unwrap();
    assert_eq!(splits.lines().count(), 2, "{splits}");
    assert!(splits.lines().all(|line| line.ends_with("file") || line.ends_with("whole")), "{splits}");
    assert!(sections.lines().any(|line| line.starts_with("index idx")), "{sections}");
    assert!(splits.contains(&jiff::Timestamp::from_second(at).unwrap().to_string()), "{splits}");
    let (_, catalog, _) = inspect("catalog", folder.path());
    let records = catalog.lines().find(|line| line.starts_with("records")).unwrap();
    assert_eq!(records.split_whitespace().last(), Some("1"), "{catalog}");
}

#[test]
fn a_torn_tail_is_told_and_left_for_the_next_start() {
    let (folder, at) = (folder(), jiff::Timestamp::now().as_second());
    let server = Server::start(folder.path(), &[]);
    export(&server, at);
    server.kill();
    let files = std::fs::read_dir(folder.path().join("wal")).unwrap();
    let newest = files.map(|file| file.unwrap().path()).max().unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let whole = bytes.len();
    bytes.extend_from_slice(b"SpFr and then the power went");
    std::fs::write(&newest, &bytes).unwrap();
    for _ in 0..2 {
        let (code, wal, said) = inspect("wal", folder.path());
        assert_eq!(code, Some(0), "{said}");
        assert!(wal.lines().last().unwrap().contains(&format!("torn at {whole}, to be cut")), "{wal}");
    }
    let server = Server::start(folder.path(), &[]);
    let found = server.get("/api/v1/search?signal=logs&q=hello").json();
    assert_eq!(found["records"].as_array().map(Vec::len), Some(1), "{found}");
}

#[test]
fn what_cannot_be_inspected_is_said() {
    let folder = folder();
    let (code, _, said) = inspect("catalog", &folder.path().join("nowhere"));
    assert_eq!(code, Some(1));
    assert!(said.contains("failed to find") && said.contains("nowhere"), "{said}");
    assert!(!folder.path().join("nowhere").exists());
    let server = Server::start(folder.path(), &[]);
    let (code, _, said) = inspect("wal", folder.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("is in use by another process"), "{said}");
    drop(server);
}
