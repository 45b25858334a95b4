//! The commands that ask a running server: the real binary against a real server, and against a fake one where an answer
//! cannot be had from a real one at will.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on has failed")]

mod export;
mod fake;
mod flow;
mod lists;
mod order;
#[path = "../process/mod.rs"]
mod process;
mod refusals;
mod search;
mod tail;

use std::process::Command;

/// A command that asks the server at `address`.
fn ask(address: impl std::fmt::Display, arguments: &[&str]) -> Command {
    let mut command = process::spoor(arguments);
    command.env("SPOOR_SERVER", format!("http://{address}"));
    command
}

/// Waits until a condition holds.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("waited a minute until {what}");
}
