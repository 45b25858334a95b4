//! The whole benchmark against a stand-in server: a right one passes and is told, one that forgets is caught.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs `spoor-bench run` on a small workload, with a stand-in that gets `flags` besides what the benchmark passes.
fn run(flags: &str, parts: &str) -> (Output, Value) {
    let dir = TempDir::new().unwrap();
    let bench = env!("CARGO_BIN_EXE_spoor-bench");
    let script = dir.path().join("stand-in");
    std::io::Write::write_all(
        &mut std::fs::OpenOptions::new().create(true).append(true).open(&script).unwrap(),
        format!("#!/bin/sh\nexec {bench} stand-in {flags} \"$@\"\n").as_bytes(),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let out = dir.path().join("out");
    let output = Command::new(bench)
        .arg("run")
        .args(["--records", "20000", "--lookups", "20", "--repeats", "3", "--half-load-seconds", "1"])
        .args([
            "--split-age-seconds",
            "1",
            "--growth-split-records",
            "1000",
            "--growth-splits",
            "6",
            "--only",
            parts,
        ])
        .arg("--spoor")
        .arg(&script)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let report = report(&out);
    (output, report)
}

fn report(out: &Path) -> Value {
    let file = std::fs::read_dir(out).unwrap().next().unwrap().unwrap();
    serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap()
}

#[test]
fn a_right_server_passes_and_every_row_is_told() {
    let (output, report) = run("", "ingest,queries,restart,growth,high-cardinality");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}\n{}", String::from_utf8_lossy(&output.stderr));
    let figures = &report["figures"];
    assert_eq!(figures["wrong"], 0);
    assert!(figures["answers"].as_u64().unwrap() > 500);
    let measures = figures["measures"].as_object().unwrap();
    assert_eq!(measures.len(), 38, "{measures:?}");
    assert_eq!(measures["acked_left"]["value"], 100.0);
    assert_eq!(measures["visible_at_once"]["value"], 100.0);
    assert!(measures["ingest_rate"]["value"].as_f64().unwrap() > 0.0);
    assert!(table.contains("| acknowledged ingest, records/s"), "{table}");
}

#[test]
fn a_server_that_forgets_is_caught() {
    let (output, report) = run("--forget", "restart");
    assert!(!output.status.success());
    let figures = &report["figures"];
    assert!(figures["wrong"].as_u64().unwrap() > 0);
    assert_eq!(figures["measures"]["acked_left"]["value"], 0.0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("wrong:"));
}
