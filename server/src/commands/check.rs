//! `spoor config check` and `spoor config print`.

use std::io::Write as _;

use anyhow::Context as _;

use crate::config::{self, Sources};

/// Says that the server would start with this configuration.
pub(super) fn check(sources: &Sources) -> anyhow::Result<()> {
    config::load(sources)?;
    let what = match &sources.file {
        Some(file) => format!("{} is valid\n", file.display()),
        None => "the configuration is valid (defaults; give a file with --config)\n".to_owned(),
    };
    std::io::stdout().write_all(what.as_bytes()).context("failed to write to standard output")
}

/// Writes the effective configuration with where each value came from.
pub(super) fn print(sources: &Sources) -> anyhow::Result<()> {
    let loaded = config::load(sources)?;
    let text = config::print(&loaded).context("failed to write the configuration")?;
    std::io::stdout().write_all(text.as_bytes()).context("failed to write to standard output")
}
