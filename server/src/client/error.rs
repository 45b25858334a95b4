//! What can go wrong when a server is asked, which exit code it is, and the lines that say so.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::exit::Exit;
use super::text::{safe, width};

/// Result of asking.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Columns of a query that are shown around the place of its fault.
const QUERY_COLUMNS_MAX: usize = 72;

/// An answer that did not come, or was a refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The address is none a client can use.
    #[error("`{address}` is no address of a server: {reason}")]
    Address {
        /// As given.
        address: String,
        /// What is wrong, and what to write instead.
        reason: String,
    },
    /// Something given on the command line cannot be asked for.
    #[error("{0}")]
    Asked(String),
    /// No connection.
    #[error("no server answers at {server}: {}", root(source))]
    Unreachable {
        /// The address.
        server: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The server took the connection and then did not answer, or stopped in the middle of the answer.
    #[error("connection to the server broke: {}", root(.0))]
    Broken(#[source] reqwest::Error),
    /// The server ended a stream that has no end of its own.
    #[error("the server ended it")]
    Ended,
    /// The server says no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// An answer that is not one of Spoor's API.
    #[error("{server} does not answer as Spoor does ({what}); check --server")]
    Foreign {
        /// The address.
        server: String,
        /// What came instead.
        what: String,
    },
    /// The answer is larger than the client keeps in memory.
    #[error("answer is larger than {} MiB; ask for less, or use `spoor export`", bytes_max >> 20)]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// The answer does not have the form this client knows.
    #[error("failed to read the server's answer: {0}; are client and server of the same version?")]
    Undecodable(#[from] serde_json::Error),
    /// A file to write is there already.
    #[error("`{}` exists; give another --output, or --force to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("failed to write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Ctrl-C cannot be caught.
    #[error("failed to catch signals: {0}")]
    Signals(#[source] io::Error),
    /// Standard output could not be written to.
    #[error("failed to write to standard output: {0}")]
    Output(#[source] io::Error),
}

/// The API's error answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The API's name for what happened.
    pub code: String,
    /// For people, made safe to print.
    pub message: String,
    /// The query and the characters before the place of its fault, when that is what is wrong.
    pub fault: Option<(String, usize)>,
    /// What could stand there.
    pub expected: Vec<String>,
    /// When to come back.
    pub retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Deserialize)]
struct Body {
    code: String,
    message: String,
    position: Option<usize>,
    #[serde(default)]
    expected: Vec<String>,
}

impl Refusal {
    /// Reads an error that a stream ends with, in the form of the API's error answers; `None` when it is another form.
    pub(crate) fn in_stream(body: &[u8]) -> Option<Self> {
        let refusal = Self::read(0, body, None)?;
        // A stream has answered 200 before it failed; these have statuses of their own elsewhere.
        let status = match refusal.code.as_str() {
            "throttled" => 429,
            "unavailable" => 503,
            "syntax" | "invalid" => 400,
            "too_costly" => 422,
            _ => 500,
        };
        Some(Self { status, ..refusal })
    }

    /// Reads the body of an error answer; `None` when it is not the API's.
    pub(crate) fn read(status: u16, body: &[u8], query: Option<&str>) -> Option<Self> {
        let Envelope { error } = serde_json::from_slice(body).ok()?;
        Some(Self {
            status,
            code: error.code,
            message: safe(&error.message).into_owned(),
            fault: query.zip(error.position).map(|(query, position)| (query.to_owned(), position)),
            expected: error.expected.iter().map(|item| safe(item).into_owned()).collect(),
            retry_after: None,
        })
    }

    fn exit(&self) -> Exit {
        match (self.status, self.code.as_str()) {
            (404, "not_found") => Exit::NothingFound,
            (429 | 503, _) => Exit::Unavailable,
            (400..=499, code) if code != "no_such_call" => Exit::Misused,
            _ => Exit::Failed,
        }
    }
}

impl Error {
    /// The exit code of a command that ends so.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Address { .. } | Self::Asked(_) | Self::Exists { .. } => Exit::Misused,
            Self::Unreachable { .. } => Exit::Unavailable,
            Self::Refused(refusal) => refusal.exit(),
            // Whoever reads the output has enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// Whether trying again later may help, without anybody doing anything.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Ended) || self.exit() == Exit::Unavailable
    }

    /// The lines that say it, without the program's name; empty when there is nothing to say.
    pub(crate) fn explain(&self) -> String {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => String::new(),
            Self::Refused(refusal) => explain_refusal(refusal),
            Self::Unreachable { .. } => {
                format!(
                    "{self}\n  Start one with `spoor serve`, or name one with --server or SPOOR_SERVER.\n"
                )
            }
            _ => format!("{self}\n"),
        }
    }
}

fn explain_refusal(refusal: &Refusal) -> String {
    let mut lines = format!("{refusal}\n");
    if let Some((query, position)) = &refusal.fault {
        let (shown, column) = around(query, *position);
        lines.push_str(&format!("  {shown}\n  {:column$}^\n", ""));
    }
    let is_news = |item: &String| !refusal.message.contains(item.as_str());
    if refusal.expected.iter().any(is_news) && !refusal.message.contains("expected") {
        lines.push_str(&format!("  expected {}\n", refusal.expected.join(", ")));
    }
    if refusal.code == "no_such_call" {
        lines.push_str("  The server may be older than this client.\n");
    }
    if let Some(after) = refusal.retry_after {
        lines.push_str(&format!("  Try again in {} s.\n", after.as_secs()));
    }
    lines
}

/// The part of a query around its character `position`, safe to print, and the column that character stands in.
fn around(query: &str, position: usize) -> (String, usize) {
    let characters: Vec<char> = query.chars().collect();
    let position = position.min(characters.len());
    let first = position.saturating_sub(QUERY_COLUMNS_MAX / 2);
    let last = (first + QUERY_COLUMNS_MAX).min(characters.len());
    let piece = |range: std::ops::Range<usize>| {
        let text: String = characters[range].iter().collect();
        safe(&text).into_owned()
    };
    let (before, after) = (piece(first..position), piece(position..last));
    let (lead, tail) = (if first > 0 { "..." } else { "" }, if last < characters.len() { "..." } else { "" });
    let column = width(lead) + width(&before);
    (format!("{lead}{before}{after}{tail}"), column)
}

/// The cause at the bottom, which names what the system said.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str, query: &str) -> Refusal {
        Refusal::read(status, body.as_bytes(), Some(query)).unwrap()
    }

    #[test]
    fn a_fault_in_the_query_is_shown_where_it_is() {
        let body =
            r#"{"error":{"code":"syntax","message":"nothing closes this","position":8,"expected":[")"]}}"#;
        let refusal = refused(400, body, "name:é \n(x");
        assert_eq!(
            explain_refusal(&refusal),
            "nothing closes this\n  name:é \\n(x\n           ^\n  expected )\n"
        );
        assert_eq!(refusal.exit(), Exit::Misused);
    }

    #[test]
    fn of_a_long_query_the_part_around_the_fault_is_shown() {
        let query = "x ".repeat(1_000);
        for position in [0, 1_000, 1_999, 2_000, 5_000] {
            let (shown, column) = around(&query, position);
            assert!(width(&shown) <= QUERY_COLUMNS_MAX + 6, "{shown}");
            assert!(column <= width(&shown), "{position}: {column} in {shown}");
        }
    }

    #[test]
    fn what_the_server_says_decides_the_exit_code() {
        for (status, code, exit) in [
            (400, "invalid", Exit::Misused),
            (404, "not_found", Exit::NothingFound),
            (404, "no_such_call", Exit::Failed),
            (422, "too_costly", Exit::Misused),
            (429, "throttled", Exit::Unavailable),
            (500, "internal", Exit::Failed),
            (503, "unavailable", Exit::Unavailable),
            (504, "deadline", Exit::Failed),
        ] {
            let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
            assert_eq!(refused(status, &body, "").exit(), exit, "{status} {code}");
        }
        assert!(Refusal::read(404, b"<html>", None).is_none());
    }
}
