//! The command line: version, help, and what is refused.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on has failed")]

mod process;

use process::{finish, spoor};

#[test]
fn the_version_is_said() {
    let (code, version, _) = finish(&mut spoor(&["--version"]));
    assert_eq!(code, Some(0));
    let version = version.trim_end();
    let plain = format!("spoor {}", env!("CARGO_PKG_VERSION"));
    // The commit is known only where the build could ask git.
    let commit = version.strip_prefix(&plain).unwrap();
    assert!(commit.is_empty() || commit.starts_with(" (") && commit.ends_with(')'), "{version}");
}

#[test]
fn help_names_every_command_and_flag() {
    let (code, help, _) = finish(&mut spoor(&["--help"]));
    assert_eq!(code, Some(0));
    let commands = ["serve", "flow", "find", "search", "tail", "flows", "services", "stats", "export"];
    let others = ["completions", "config", "inspect", "health"];
    let flags = ["--data-dir", "--otlp-grpc", "--jaeger-grpc", "--insecure", "SPOOR_CONFIG"];
    for part in commands.iter().chain(&others).chain(&flags) {
        assert!(help.contains(part), "{part} is missing in {help}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    for arguments in [&["--nonsense"][..], &["nonsense"], &["inspect", "nonsense"], &["--log-format", "xml"]]
    {
        let (code, _, said) = finish(&mut spoor(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains("nonsense") || said.contains("[possible values: text, json]"), "{said}");
    }
}
