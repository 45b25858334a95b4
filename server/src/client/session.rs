//! One command from its start to its exit code: the async runtime, Ctrl-C, what is said of a failure.

use std::io::Write as _;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::Result;
use super::exit::Exit;

/// Runs a command that asks a server, and says what went wrong, if something did.
pub(crate) fn ask(command: impl Future<Output = Result<Exit>>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("failed to start the async runtime: {error}\n"));
            return Exit::Failed;
        }
    };
    match runtime.block_on(command) {
        Ok(exit) => exit,
        Err(error) => {
            say(&error.explain());
            error.exit()
        }
    }
}

/// Catches Ctrl-C and the request to end; must be called inside the async runtime.
pub(crate) fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt: Signal = signal(SignalKind::interrupt())?;
    let mut terminate: Signal = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {},
            _ = terminate.recv() => {},
        }
    })
}

fn say(text: &str) {
    if !text.is_empty() {
        drop(std::io::stderr().write_all(format!("spoor: {text}").as_bytes()));
    }
}
