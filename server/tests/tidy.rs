//! Holds the shape of the workspace: arrows between crates, and what every file looks like.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test that cannot go on has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each one may use. A new arrow needs a decision record.
const ARROWS: [(&str, &[&str]); 8] = [
    ("proto", &[]),
    ("runtime", &[]),
    ("ui", &[]),
    // `store` knows no protocol: of `proto` it uses the wire format's reader, and nothing of OTLP.
    ("store", &["proto", "runtime"]),
    ("collector", &["proto", "runtime", "store"]),
    ("query", &["proto", "runtime", "store"]),
    // `proto` is for tests that compare what comes out with what went in.
    ("server", &["collector", "proto", "query", "runtime", "store", "ui"]),
    ("bench", &["proto"]),
];
/// Binaries may use an error type without kinds; parts may not.
const MAY_USE_ANYHOW: [&str; 2] = ["bench", "server"];
const CODE_LINES_MAX: usize = 500;
const MAIN_LINES_MAX: usize = 60;
/// A wait on a condition, with a limit, may pause between looks; its function is named so.
const WAITS: [&str; 3] = ["fn eventually", "fn wait_for", "fn wait_until"];
/// Any other test that cannot do without a pause says why on the same line, after this.
const SLEEP_REASON: &str = "// tidy: sleeps because ";
/// Names that become drawers.
const DRAWERS: [&str; 6] = ["common", "helper", "helpers", "misc", "util", "utils"];

struct Source {
    /// From the root of the workspace.
    path: String,
    text: String,
}

impl Source {
    fn crate_name(&self) -> &str {
        self.path.split('/').next().unwrap()
    }

    /// The part that is a test: the file's `#[cfg(test)] mod tests {`, or all of it.
    fn tests(&self) -> &str {
        if self.path.contains("/tests/") || self.path.ends_with("/tests.rs") {
            return &self.text;
        }
        self.text.find("#[cfg(test)]\nmod tests {").map_or("", |start| &self.text[start..])
    }

    /// The part that is not.
    fn product(&self) -> &str {
        &self.text[..self.text.len() - self.tests().len()]
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn members() -> Vec<&'static str> {
    ARROWS.iter().map(|(name, _)| *name).collect()
}

fn manifest(member: &str) -> String {
    fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap()
}

/// Names under `[dependencies]`, `[dev-dependencies]`, `[build-dependencies]` and their targets' tables.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies");
            if let Some((_, name)) = table.split_once("dependencies.") {
                names.insert(name.to_owned());
            }
        } else if inside && let Some((name, _)) = line.split_once(['=', '.']) {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

fn sources() -> Vec<Source> {
    fn collect(folder: &Path, sources: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["node_modules", "target", "dist"].contains(&name.as_str()) {
                collect(&path, sources);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                sources.push(Source { path, text });
            }
        }
    }
    let mut sources = Vec::new();
    for member in members() {
        collect(&root().join(member), &mut sources);
    }
    assert!(sources.len() > members().len(), "sources were not found");
    sources
}

fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//")
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_member_of_the_workspace_is_known_here() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    let named: BTreeSet<&str> =
        list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()).collect();
    assert_eq!(named, members().into_iter().collect());
}

#[test]
fn crates_use_each_other_along_the_arrows_only() {
    let mut faults = Vec::new();
    for (member, allowed) in ARROWS {
        for dependency in dependencies(&manifest(member)) {
            let Some(ours) = dependency.strip_prefix("spoor-") else { continue };
            if ours != member && !allowed.contains(&ours) {
                faults.push(format!("{member}/Cargo.toml: may not use {ours}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn only_store_names_the_index_library() {
    let mut faults = Vec::new();
    for member in members() {
        let names = dependencies(&manifest(member));
        if member != "store" && names.iter().any(|name| name.starts_with("tantivy")) {
            faults.push(format!("{member}/Cargo.toml: may not use tantivy"));
        }
        if !MAY_USE_ANYHOW.contains(&member) && names.contains("anyhow") {
            faults.push(format!(
                "{member}/Cargo.toml: may not use anyhow; give the crate an error type with kinds"
            ));
        }
    }
    for source in sources().iter().filter(|source| !["store", "server"].contains(&source.crate_name())) {
        if source.text.lines().any(|line| is_code(line) && line.contains("tantivy::")) {
            faults.push(format!("{}: may not name tantivy", source.path));
        }
    }
    report(&faults);
}

#[test]
fn store_knows_no_protocol() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("store/src/")) {
        for (number, line) in source.product().lines().enumerate() {
            let names_otlp = line.contains("spoor_proto::otlp")
                || line.contains("spoor_proto::{") && line.contains("otlp");
            if is_code(line) && names_otlp {
                faults.push(format!("{}:{}: may not name OTLP", source.path, number + 1));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_file_says_first_what_it_owns() {
    let mut faults = Vec::new();
    for source in sources() {
        let header = source.text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>();
        if header.first().is_none_or(|line| line.trim_start_matches("//!").trim().len() < 10) {
            faults.push(format!("{}: does not start with `//! What it owns.`", source.path));
        }
    }
    report(&faults);
}

#[test]
fn no_file_is_too_long() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().filter(|line| is_code(line)).count();
        if lines > CODE_LINES_MAX {
            faults.push(format!("{}: {lines} lines of code, more than {CODE_LINES_MAX}", source.path));
        }
    }
    report(&faults);
}

#[test]
fn main_only_starts_things() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path.ends_with("/src/main.rs")) {
        let start =
            source.text.lines().position(|line| line.contains("fn main(")).expect("main.rs has a main");
        let length = source.text.lines().skip(start).position(|line| line == "}").unwrap() + 1;
        if length > MAIN_LINES_MAX {
            faults.push(format!("{}: main has {length} lines, more than {MAIN_LINES_MAX}", source.path));
        }
    }
    report(&faults);
}

#[test]
fn folders_have_a_table_of_contents_and_no_drawers() {
    let mut faults = Vec::new();
    let sources = sources();
    let paths: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    for source in &sources {
        if let Some(folder) = source.path.strip_suffix("/mod.rs")
            && paths.contains(format!("{folder}.rs").as_str())
        {
            faults.push(format!("{folder}.rs: stands beside {folder}/mod.rs"));
        }
        for part in source.path.trim_end_matches(".rs").split('/') {
            if DRAWERS.contains(&part) {
                faults.push(format!("{}: `{part}` says nothing; name what is in it", source.path));
            }
        }
    }
    report(&faults);
}

#[test]
fn tests_do_not_sleep_and_are_not_ignored() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path != "server/tests/tidy.rs") {
        let first = source.product().lines().count();
        let mut function = "";
        for (index, line) in source.tests().lines().enumerate() {
            let place = format!("{}:{}", source.path, first + index + 1);
            if line.contains("fn ") {
                function = line;
            }
            let waits = WAITS.iter().any(|name| function.contains(name));
            let sleeps = ["thread::sleep(", "time::sleep("].iter().any(|call| line.contains(call));
            if sleeps && !waits && !line.contains(SLEEP_REASON) {
                faults.push(format!("{place}: sleeps; move the clock, or wait on a condition with a limit"));
            }
            if line.trim_start().starts_with("#[ignore") {
                faults.push(format!("{place}: an ignored test is no test"));
            }
        }
    }
    report(&faults);
}

#[test]
fn nothing_is_left_for_later() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path != "server/tests/tidy.rs") {
        for (number, line) in source.text.lines().enumerate() {
            let words: BTreeSet<&str> =
                line.split(|c: char| !c.is_alphanumeric() && c != '!' && c != '_').collect();
            for word in ["TODO", "FIXME", "XXX", "HACK", "todo!", "unimplemented!"] {
                if words.contains(word) {
                    faults.push(format!("{}:{}: {word}", source.path, number + 1));
                }
            }
        }
    }
    report(&faults);
}

#[test]
fn each_metric_prefix_has_one_owner() {
    // Two parts that register the same name would be written twice, which Prometheus refuses.
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut faults = Vec::new();
    for source in sources() {
        for line in source.product().lines().filter(|line| line.contains("with_prefix(\"")) {
            let part = line.split("with_prefix(\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let owner = source.crate_name().to_owned();
            if let Some(other) = owners.insert(part.clone(), owner.clone())
                && other != owner
            {
                faults.push(format!("{}: metrics of `{part}` belong to {other}", source.path));
            }
        }
    }
    report(&faults);
}
