//! Command line of the load generator and benchmark.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use spoor_bench::cli::{Cli, Command};
use spoor_bench::{commands, measure, output, stand_in};

/// Threads that send; the requests are encoded before, so that one is enough and the server has the rest.
const SENDER_THREADS: usize = 1;
/// Threads of the sink, which stands in for a server.
const SINK_THREADS: usize = 2;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::progress(&format!("spoor-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let threads = if matches!(cli.command, Command::Sink { .. }) { SINK_THREADS } else { SENDER_THREADS };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    match cli.command {
        Command::Generate(arguments) => commands::show(&arguments)?,
        Command::Load(arguments) => runtime.block_on(commands::load(&arguments))?,
        Command::Sink { listen } => runtime.block_on(commands::serve_sink(listen))?,
        Command::StandIn(arguments) => runtime.block_on(stand_in::serve(&arguments))?,
        Command::Ceiling(arguments) => runtime.block_on(commands::ceiling(&arguments))?,
        Command::Run(arguments) => {
            let right = runtime.block_on(measure::run(&arguments))?;
            return Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
