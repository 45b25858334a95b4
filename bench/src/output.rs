//! The only place that prints: results to standard output, progress to standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark's output is what it is for")]

/// A line of the result.
pub fn result(line: &str) {
    println!("{line}");
}

/// A line on what is going on.
pub fn progress(line: &str) {
    eprintln!("{line}");
}
