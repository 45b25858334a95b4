//! The binary `spoor`: arguments, then one command, then its exit code.

mod admin;
mod app;
mod cli;
mod client;
mod commands;
mod config;
mod listen;
mod parts;
mod process;
mod stop;
mod telemetry;
mod ui;
mod welcome;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(Cli::parse())
}
