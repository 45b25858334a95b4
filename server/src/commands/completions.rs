//! `spoor completions`: the command line, for shells.

use std::io::Write as _;

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionsArgs};
use crate::client::{Error, Exit, Result};

/// Writes the script for one shell.
pub(super) fn completions(arguments: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "spoor", &mut script);
    std::io::stdout().write_all(&script).map_err(Error::Output)?;
    Ok(Exit::Done)
}
