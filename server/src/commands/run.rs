//! From the command line to one command, and from its outcome to an exit code.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::{Cli, Command, ConfigAction, ServeArgs};
use crate::config::{self, ConfigError};
use crate::{app, telemetry};

use super::{check, health, inspect};

/// The process failed at its work.
const FAILED: u8 = 1;
/// What the user asked for cannot be done as asked.
const MISUSED: u8 = 2;

/// How long threads may take to end once everything has stopped.
const LINGER_LIMIT: Duration = Duration::from_secs(2);

/// Runs the command and says what went wrong, if something did.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        None => serve(&cli.serve),
        Some(Command::Serve(arguments)) => serve(&arguments),
        Some(Command::Config { action: ConfigAction::Check(arguments) }) => {
            check::check(&arguments.sources())
        }
        Some(Command::Config { action: ConfigAction::Print(arguments) }) => {
            check::print(&arguments.sources())
        }
        Some(Command::Inspect(arguments)) => inspect::inspect(&arguments),
        Some(Command::Health(arguments)) => health::health(&arguments),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let text = format!("spoor: {}\n", causes.join(": "));
    drop(std::io::stderr().write_all(text.as_bytes()));
    ExitCode::from(if error.is::<ConfigError>() { MISUSED } else { FAILED })
}

fn serve(arguments: &ServeArgs) -> anyhow::Result<()> {
    let loaded = config::load(&arguments.sources())?;
    telemetry::start(&loaded.config.telemetry)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().context("failed to start the async runtime")?;
    let outcome = runtime.block_on(app::serve(loaded.config));
    // Everything was told to stop; what hangs in a system call is not waited for.
    runtime.shutdown_timeout(LINGER_LIMIT);
    outcome
}
