//! From the command line to one command, and from its outcome to an exit code.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::{Cli, Command, ConfigAction, ServeArgs};
use crate::client::{Exit, ask};
use crate::config::{self, ConfigError};
use crate::{app, telemetry};

use super::{check, completions, export, find, flow, flows, health, inspect, search, services, stats, tail};

/// How long threads may take to end once everything has stopped.
const LINGER_LIMIT: Duration = Duration::from_secs(2);

/// Runs the command and says what went wrong, if something did.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let Some(command) = cli.command else { return ended(serve(&cli.serve)) };
    let exit = match &command {
        Command::Serve(arguments) => return ended(serve(arguments)),
        Command::Config { action: ConfigAction::Check(arguments) } => {
            return ended(check::check(&arguments.sources()));
        }
        Command::Config { action: ConfigAction::Print(arguments) } => {
            return ended(check::print(&arguments.sources()));
        }
        Command::Inspect(arguments) => return ended(inspect::inspect(arguments)),
        Command::Health(arguments) => return ended(health::health(arguments)),
        Command::Flow(arguments) => ask(flow::flow(arguments)),
        Command::Find(arguments) => ask(find::find(arguments)),
        Command::Search(arguments) => ask(search::search(arguments)),
        Command::Tail(arguments) => ask(tail::tail(arguments)),
        Command::Flows(arguments) => ask(flows::flows(arguments)),
        Command::Services(arguments) => ask(services::services(arguments)),
        Command::Stats(arguments) => ask(stats::stats(arguments)),
        Command::Export(arguments) => ask(export::export(arguments)),
        Command::Completions(arguments) => ask(async { completions::completions(arguments) }),
    };
    exit.into()
}

/// The exit code of a command of the server's side.
fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let text = format!("spoor: {}\n", causes.join(": "));
    drop(std::io::stderr().write_all(text.as_bytes()));
    let exit = if error.is::<ConfigError>() { Exit::Misused } else { Exit::Failed };
    exit.into()
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
