//! The list of commands.

use clap::{Parser, Subcommand};

use super::client::{
    CompletionsArgs, ExportArgs, FindArgs, FlowArgs, FlowsArgs, SearchArgs, ServicesArgs, StatsArgs, TailArgs,
};
use super::server::{ConfigAction, HealthArgs, InspectArgs, ServeArgs};

/// The version, and the commit it was built from when that is known.
pub(crate) const VERSION: &str = env!("SPOOR_VERSION");

/// Follows one call flow through all your services: takes OpenTelemetry logs and traces, keeps them durably, finds them by any id.
#[derive(Debug, Parser)]
#[command(name = "spoor", version = VERSION, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do; `serve` when nothing is said.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take, keep and serve logs and traces (the default).
    Serve(ServeArgs),
    /// Show everything that shares an id: every service, queue and trace it went through, logs in place.
    Flow(FlowArgs),
    /// Say what an id is: a trace, a span, a correlation id.
    Find(FindArgs),
    /// Find log records and spans.
    Search(SearchArgs),
    /// Show records as they arrive.
    Tail(TailArgs),
    /// List recent flows.
    Flows(FlowsArgs),
    /// List who sent something, with rates, errors and latencies.
    Services(ServicesArgs),
    /// Group, count and measure records.
    Stats(StatsArgs),
    /// Write records to a file.
    Export(ExportArgs),
    /// Write a script that completes this command line in a shell.
    Completions(CompletionsArgs),
    /// Look at the configuration without starting.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Look at what is stored; the server must not be running on the same data.
    Inspect(InspectArgs),
    /// Ask a running server whether it is ready; exit code 0 when it is (for containers).
    Health(HealthArgs),
}
