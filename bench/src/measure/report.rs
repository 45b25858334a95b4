//! What a run leaves: the table on standard output, and a JSON file.

use std::fs;
use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::RunArgs;
use crate::clock::unix_nanos;
use crate::figures::Figures;
use crate::output;
use crate::table;

/// Prints the table and what was wrong, and writes everything as JSON.
pub(super) fn report(arguments: &RunArgs, figures: &Figures) -> Result<()> {
    output::result(&format!(
        "{} records, {} connections with {} requests in flight, OTLP over {}{}",
        arguments.workload.records,
        arguments.sender.connections,
        arguments.sender.in_flight,
        format!("{:?}", arguments.sender.transport).to_lowercase(),
        if arguments.sender.gzip { ", gzip" } else { "" },
    ));
    for remark in &figures.remarks {
        output::result(remark);
    }
    for line in table::lines(figures) {
        output::result(&line);
    }
    output::result("✔ target met, ✔✔ stretch met, ✘ missed. Peers: constants, as DESIGN.md section 9 tells.");
    output::result(&format!("answers checked: {}, wrong: {}", figures.answers, figures.wrong));
    for wrong in &figures.wrong_answers {
        output::result(&format!("  wrong: {wrong}"));
    }
    let missed = table::missed(figures);
    if !missed.is_empty() {
        output::result(&format!("targets missed: {}", missed.join("; ")));
    }
    let now = unix_nanos() / 1_000_000_000;
    let whole = json!({
        "unix_seconds": now,
        "workload": {
            "records": arguments.workload.records,
            "seed": arguments.workload.seed,
            "connections": arguments.sender.connections,
            "in_flight": arguments.sender.in_flight,
            "transport": format!("{:?}", arguments.sender.transport).to_lowercase(),
            "gzip": arguments.sender.gzip,
        },
        "figures": figures,
        "targets_missed": missed,
    });
    fs::create_dir_all(&arguments.out)?;
    let mut file = tempfile::NamedTempFile::new_in(&arguments.out)?;
    serde_json::to_writer_pretty(&mut file, &whole)?;
    file.write_all(b"\n")?;
    let path = arguments.out.join(format!("{now}.json"));
    file.persist(&path).with_context(|| format!("write {}", path.display()))?;
    output::result(&format!("written to {}", path.display()));
    Ok(())
}
