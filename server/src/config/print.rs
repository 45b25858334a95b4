//! The effective configuration as YAML, with where each value came from.

use serde_json::Value;

use super::keys::{KeyPath, keys_of};
use super::load::{Loaded, Origin, lookup};
use super::sections::Config;

/// Where the origin comments begin, when the value leaves room.
const COMMENT_COLUMN: usize = 48;

/// Writes every key with its value; the text is a valid configuration file.
pub(crate) fn print(loaded: &Loaded) -> serde_json::Result<String> {
    let tree = serde_json::to_value(&loaded.config)?;
    let mut out = String::new();
    let mut open: KeyPath = Vec::new();
    for path in keys_of::<Config>() {
        let Some((key, sections)) = path.split_last() else { continue };
        let shared = open.iter().zip(sections).take_while(|(left, right)| left == right).count();
        for (depth, section) in sections.iter().enumerate().skip(shared) {
            out.push_str(&format!("{:indent$}{section}:\n", "", indent = depth * 2));
        }
        open = sections.to_vec();
        let value = lookup(&tree, &path).unwrap_or(&Value::Null);
        let line = format!("{:indent$}{key}: {value}", "", indent = sections.len() * 2);
        let names: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let origin = loaded.origins.get(&names).unwrap_or(&Origin::Default);
        out.push_str(&format!("{line:COMMENT_COLUMN$} # {origin}\n"));
    }
    Ok(out)
}
