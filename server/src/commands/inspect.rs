//! `spoor inspect`: what is stored, read without a server.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use spoor_store::inspect::{self, CatalogReport, SplitReport, WalFile, WalFileState};

use crate::cli::{InspectArgs, InspectWhat};
use crate::config;

/// Writes a table of the part that was asked for.
pub(super) fn inspect(arguments: &InspectArgs) -> anyhow::Result<()> {
    let loaded = config::load(&arguments.sources())?;
    let data_dir = &loaded.config.store.data_dir;
    let text = match arguments.what {
        InspectWhat::Wal => wal_table(&inspect::wal(data_dir)?),
        InspectWhat::Catalog => catalog_summary(&on_runtime(inspect::catalog(data_dir))?),
        InspectWhat::Splits => {
            let reports = on_runtime(inspect::splits(data_dir, &loaded.config.store.objects_url))?;
            format!("{}\n{}", splits_table(&reports), sections_table(&reports))
        }
    };
    std::io::stdout().write_all(text.as_bytes()).context("failed to write to standard output")
}

fn on_runtime<T>(read: impl Future<Output = spoor_store::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("failed to start the async runtime")?;
    Ok(runtime.block_on(read)?)
}

fn wal_table(files: &[WalFile]) -> String {
    let mut rows = vec![row(["file", "bytes", "frames", "sequences", "end"])];
    for file in files {
        let sequences = match file.frames {
            0 => "-".to_owned(),
            frames => format!("{}-{}", file.first_sequence, file.first_sequence + frames - 1),
        };
        let end = match &file.state {
            WalFileState::Whole => "whole".to_owned(),
            WalFileState::Torn { offset, reason } => format!("torn at {offset}, to be cut: {reason}"),
            WalFileState::Damaged { offset, reason } => format!("DAMAGED at {offset}: {reason}"),
        };
        rows.push(vec![file.name.clone(), file.bytes.to_string(), file.frames.to_string(), sequences, end]);
    }
    table(&rows)
}

fn splits_table(reports: &[SplitReport]) -> String {
    let mut rows = vec![row([
        "split",
        "tenant",
        "records",
        "spans",
        "logs",
        "bytes",
        "from",
        "to",
        "sequences",
        "file",
    ])];
    for report in reports {
        let split = &report.meta;
        rows.push(vec![
            split.id.to_string(),
            split.tenant.as_str().to_owned(),
            split.records.to_string(),
            split.spans.to_string(),
            split.logs.to_string(),
            split.bytes.to_string(),
            time(split.min_time),
            time(split.max_time),
            format!("{}-{}", split.first_sequence, split.last_sequence),
            report.damage.as_ref().map_or("whole".to_owned(), |damage| format!("DAMAGED: {damage}")),
        ]);
    }
    table(&rows)
}

/// What the splits' bytes go into; the files of the index by their kind.
fn sections_table(reports: &[SplitReport]) -> String {
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in reports.iter().flat_map(|report| &report.sections) {
        let kind = name.strip_prefix("index/").and_then(|file| file.rsplit_once('.'));
        let name = kind.map_or_else(|| name.clone(), |(_, kind)| format!("index {kind}"));
        *sums.entry(name).or_default() += bytes;
    }
    let records: u64 = reports.iter().map(|report| u64::from(report.meta.records)).sum();
    let mut rows = vec![row(["section", "bytes", "bytes/record"])];
    for (name, bytes) in sums {
        rows.push(vec![name, bytes.to_string(), format!("{:.2}", bytes as f64 / records.max(1) as f64)]);
    }
    table(&rows)
}

fn catalog_summary(report: &CatalogReport) -> String {
    let sum =
        |count: fn(&inspect::SplitMeta) -> u64| report.splits.iter().map(count).sum::<u64>().to_string();
    let mut rows = vec![
        row(["version", &report.version.to_string()]),
        row(["splits", &report.splits.len().to_string()]),
        row(["records", &sum(|split| u64::from(split.records))]),
        row(["spans", &sum(|split| u64::from(split.spans))]),
        row(["logs", &sum(|split| u64::from(split.logs))]),
        row(["bytes", &sum(|split| split.bytes)]),
        row(["files to remove", &report.garbage.to_string()]),
    ];
    for (tenant, sequence) in &report.published {
        rows.push(row([&format!("published of {tenant}"), &format!("up to sequence {sequence}")]));
    }
    table(&rows)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Times beyond what a calendar shows are shown as they are stored.
fn time(unix_nanos: u64) -> String {
    let timestamp = jiff::Timestamp::from_nanosecond(i128::from(unix_nanos));
    timestamp.map_or_else(|_| unix_nanos.to_string(), |timestamp| timestamp.to_string())
}

/// Aligns columns; the last one is left as long as it is.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_tail_is_told_from_damage() {
        let file = |name: &str, frames, state| WalFile {
            name: name.to_owned(),
            bytes: 100,
            first_sequence: 7,
            frames,
            state,
        };
        let text = wal_table(&[
            file("1.wal", 3, WalFileState::Damaged { offset: 48, reason: "bad".to_owned() }),
            file("2.wal", 0, WalFileState::Torn { offset: 64, reason: "cut".to_owned() }),
        ]);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[1], ["1.wal", "100", "3", "7-9", "DAMAGED at 48: bad"]);
        assert_eq!(lines[2], ["2.wal", "100", "0", "-", "torn at 64, to be cut: cut"]);
    }
}
