//! The only place that prints: results to standard output, progress to standard error.
//!
//! A reader that goes away, as `head` does, takes nothing but its lines.

use std::io::Write as _;

/// A line of the result.
pub fn result(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A line on what is going on.
pub fn progress(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
