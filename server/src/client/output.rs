//! Standard output and the notes beside it: whether a person reads along, how wide, in which colours and zone.

use std::io::{BufWriter, IsTerminal as _, Stdout, Write as _};

use jiff::tz::TimeZone;

use super::error::{Error, Result};
use super::paint::Paint;
use super::time::Moments;
use crate::cli::{Look, WhichColor};

/// Columns when nobody says how many there are.
const COLUMNS_DEFAULT: usize = 100;

/// Where answers go.
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<Stdout>,
    /// Whether a person reads it, as far as can be told.
    pub terminal: bool,
    /// Columns of the terminal, or a width that fits most places text is pasted into.
    pub columns: usize,
    pub paint: Paint,
    pub moments: Moments,
    quiet: bool,
}

impl Output {
    /// Looks at where standard output goes.
    pub(crate) fn new(look: &Look) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let size = terminal.then(terminal_size::terminal_size).flatten();
        let on = match look.color {
            WhichColor::Always => true,
            WhichColor::Never => false,
            WhichColor::Auto => terminal && !is_set("NO_COLOR") && !is_dumb(),
        };
        let moments = match (terminal, look.utc) {
            (false, _) => Moments::Exact,
            (true, true) => Moments::Short(TimeZone::UTC),
            (true, false) => Moments::Short(TimeZone::system()),
        };
        Self {
            out: BufWriter::new(std::io::stdout()),
            terminal,
            columns: size.map_or(COLUMNS_DEFAULT, |(width, _)| usize::from(width.0)),
            paint: Paint { on },
            moments,
            quiet: look.quiet,
        }
    }

    /// Writes text.
    ///
    /// # Errors
    /// Whoever read it has gone, or a disk is full.
    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(Error::Output)
    }

    /// Writes an answer as it came, and ends its line.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) fn write_json(&mut self, json: &[u8]) -> Result<()> {
        self.out.write_all(json).and_then(|()| self.out.write_all(b"\n")).map_err(Error::Output)
    }

    /// Makes all that was written visible.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(Error::Output)
    }

    /// Says something beside the answer, on standard error, after what was written before it.
    ///
    /// # Errors
    /// As [`Self::write`], of the answer; a note that cannot be written is no failure.
    pub(crate) fn note(&mut self, text: &str) -> Result<()> {
        self.flush()?;
        if !self.quiet {
            drop(std::io::stderr().write_all(format!("spoor: {text}\n").as_bytes()));
        }
        Ok(())
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}
