//! The tables in `docs/configuration.md` are what the binary knows: keys and defaults from `spoor config print`, words
//! from the comments on the types. `UPDATE_DOCS=1 cargo test -p spoor-server --test docs` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use process::{finish, spoor};

const BEGIN: &str = "<!-- keys: begin (written by server/tests/docs.rs) -->\n";
const END: &str = "<!-- keys: end -->\n";
/// Where each section's type is: section, file, struct.
const SECTIONS: [(&str, &str, &str); 7] = [
    ("listen", "server/src/config/sections.rs", "ListenConfig"),
    ("store", "store/src/config.rs", "Config"),
    ("collector", "collector/src/config.rs", "Config"),
    ("query", "query/src/config.rs", "Config"),
    ("correlation", "collector/src/correlation/config.rs", "CorrelationConfig"),
    ("owners", "server/src/config/sections.rs", "Config"),
    ("telemetry", "server/src/config/sections.rs", "TelemetryConfig"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The comment on one field of a struct, as one line.
fn comment(file: &str, structure: &str, field: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let body = text
        .split_once(&format!("struct {structure} {{"))
        .unwrap_or_else(|| panic!("{file}: no {structure}"))
        .1;
    let body = body.split_once("\n}").unwrap().0;
    let mut words = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            words.push(comment.trim());
        } else if line.split(':').next().unwrap().split_whitespace().last() == Some(field) {
            assert!(!words.is_empty(), "{file}: {structure}.{field} has no comment");
            return words.join(" ");
        } else if !line.starts_with('#') {
            words.clear();
        }
    }
    panic!("{file}: {structure} has no field {field}")
}

/// The lines of `spoor config print` as (section, key, default); a section that is one value has no key.
fn printed() -> Vec<(String, Option<String>, String)> {
    let (code, printed, said) = finish(&mut spoor(&["config", "print"]));
    assert_eq!(code, Some(0), "{said}");
    let mut keys = Vec::new();
    let mut section = String::new();
    for line in printed.lines() {
        let line = line.rsplit_once(" # ").map_or(line, |(line, _)| line.trim_end());
        let (key, value) = line.split_once(':').unwrap();
        let nested = key.starts_with(' ');
        if !nested {
            section = key.to_owned();
        }
        if !value.is_empty() {
            keys.push((section.clone(), nested.then(|| key.trim().to_owned()), value.trim().to_owned()));
        }
    }
    keys
}

fn tables() -> String {
    let keys = printed();
    let mut out = String::new();
    for (section, file, structure) in SECTIONS {
        writeln!(out, "### `{section}`\n\n| key | default | environment | |\n| --- | --- | --- | --- |")
            .unwrap();
        for (_, key, default) in keys.iter().filter(|(of, ..)| of == section) {
            let field = key.as_deref().unwrap_or(section);
            let path = key.as_ref().map_or(section.to_owned(), |key| format!("{section}.{key}"));
            let variable = format!("SPOOR_{}", path.replace('.', "_").to_uppercase());
            let words = comment(file, structure, field).replace('|', "\\|");
            writeln!(out, "| `{path}` | `{default}` | `{variable}` | {words} |").unwrap();
        }
        out.push('\n');
    }
    let known: Vec<&str> = SECTIONS.iter().map(|(section, ..)| *section).collect();
    for (section, ..) in &keys {
        assert!(known.contains(&section.as_str()), "section {section} is not in this test's list");
    }
    out
}

#[test]
fn the_guide_lists_every_key_with_its_default() {
    let path = root().join("docs/configuration.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let wanted = format!("\n{}", tables());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(listed, wanted, "docs/configuration.md is stale; UPDATE_DOCS=1 writes it anew");
}

#[test]
fn every_yaml_example_of_the_guide_is_valid() {
    let folder = process::folder();
    let file = folder.path().join("example.yaml");
    let mut examples = 0;
    for document in ["README.md", "docs/configuration.md", "docs/operating.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            let example = block.split("```").next().unwrap();
            fs::write(&file, example).unwrap();
            let (code, _, said) = finish(spoor(&["config", "check", "--config"]).arg(&file));
            assert_eq!(code, Some(0), "{document}: {said}\n{example}");
            examples += 1;
        }
    }
    assert!(examples > 1, "no examples were found");
}
