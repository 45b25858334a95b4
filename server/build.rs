//! Tells the binary which commit it was built from, when that is known.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=SPOOR_BUILD_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    let version =
        match std::env::var("SPOOR_BUILD_COMMIT").ok().filter(|commit| !commit.is_empty()).or_else(head) {
            Some(commit) => format!("{version} ({commit})"),
            None => version.to_owned(),
        };
    println!("cargo::rustc-env=SPOOR_VERSION={version}");
}

/// Asks git, and watches the file that changes with the answer.
fn head() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    // A source archive unpacked inside somebody else's repository must not take that one's commit.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={log}");
    git(&["rev-parse", "--short=12", "HEAD"])
}
