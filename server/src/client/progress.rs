//! How far an export is: one line on standard error that is drawn anew, and the count of records in what passed.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use spoor_runtime::clock::Clock;

use super::time::{bytes, count, duration};

/// Between two drawings.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Cells of the bar.
const BAR_COLUMNS: usize = 24;

/// Counts records by their line ends, where the format has one record on a line.
#[derive(Debug)]
pub(crate) struct Tally {
    form: Form,
    ends: u64,
    quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    /// A heading, then lines; a line end between quotes is text.
    Csv,
    Opaque,
}

impl Tally {
    /// A count for an export format; of those not known nothing is counted.
    pub(crate) fn new(format: &str) -> Self {
        let form = match format {
            "ndjson" => Form::Lines,
            "csv" => Form::Csv,
            _ => Form::Opaque,
        };
        Self { form, ends: 0, quoted: false }
    }

    /// Looks at what passes.
    pub(crate) fn take(&mut self, chunk: &[u8]) {
        match self.form {
            Form::Opaque => {}
            Form::Lines => self.ends += chunk.iter().filter(|byte| **byte == b'\n').count() as u64,
            Form::Csv => {
                for byte in chunk {
                    self.quoted ^= *byte == b'"';
                    self.ends += u64::from(*byte == b'\n' && !self.quoted);
                }
            }
        }
    }

    /// Records so far, when they can be counted.
    pub(crate) fn records(&self) -> Option<u64> {
        match self.form {
            Form::Lines => Some(self.ends),
            Form::Csv => Some(self.ends.saturating_sub(1)),
            Form::Opaque => None,
        }
    }
}

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    clock: Clock,
    started: Duration,
    drawn: Option<Duration>,
    total: Option<u64>,
    bytes: u64,
    on: bool,
}

impl Progress {
    /// Begins; nothing is drawn when it is not wanted or nobody would see it.
    pub(crate) fn new(clock: Clock, total: Option<u64>, wanted: bool) -> Self {
        let on = wanted && std::io::stderr().is_terminal();
        Self { started: clock.monotonic(), clock, drawn: None, total, bytes: 0, on }
    }

    /// Notes bytes that passed, and draws when it is time.
    pub(crate) fn advance(&mut self, bytes: usize, tally: &Tally) {
        self.bytes += bytes as u64;
        let now = self.clock.monotonic();
        if self.on && self.drawn.is_none_or(|drawn| now >= drawn + DRAW_EVERY) {
            self.drawn = Some(now);
            drop(std::io::stderr().write_all(format!("\r{}\x1b[K", self.line(tally)).as_bytes()));
        }
    }

    /// Takes the line away, so that what is said next stands alone.
    pub(crate) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            drop(std::io::stderr().write_all(b"\r\x1b[K"));
        }
    }

    /// What passed in all, in words.
    pub(crate) fn summary(&self, tally: &Tally) -> String {
        let elapsed = self.elapsed();
        let size = format!("{} in {}", bytes(self.bytes), duration(elapsed.as_nanos() as u64));
        match tally.records().or(self.total) {
            Some(records) => format!("{} records, {size}", count(records)),
            None => size,
        }
    }

    fn line(&self, tally: &Tally) -> String {
        let seconds = self.elapsed().as_secs_f64().max(0.001);
        let size = format!("{}  {}/s", bytes(self.bytes), bytes((self.bytes as f64 / seconds) as u64));
        match (tally.records(), self.total) {
            (Some(records), Some(total)) if total > 0 => {
                let part = (records as f64 / total as f64).min(1.0);
                let full = (part * BAR_COLUMNS as f64) as usize;
                let bar = format!("{}{}", "#".repeat(full), "-".repeat(BAR_COLUMNS - full));
                let (done, of, rate) =
                    (count(records), count(total), count((records as f64 / seconds) as u64));
                format!("[{bar}] {:3.0}%  {done} of {of} records  {rate}/s  {size}", part * 100.0)
            }
            (Some(records), _) => format!("{} records  {size}", count(records)),
            (None, Some(total)) => format!("{} records to come  {size}", count(total)),
            (None, None) => size,
        }
    }

    fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_across_pieces_and_quotes() {
        for (format, text, records) in [
            ("ndjson", "{}\n{\"a\":\"\\n\"}\n", Some(2)),
            ("csv", "a,b\n1,\"x\ny\"\n2,\"\"\"\n\"\n", Some(2)),
            ("csv", "", Some(0)),
            ("parquet", "PAR1\n\n", None),
        ] {
            for cut in 0..=text.len() {
                let mut tally = Tally::new(format);
                let (first, second) = text.as_bytes().split_at(cut);
                tally.take(first);
                tally.take(second);
                assert_eq!(tally.records(), records, "{format} cut at {cut}");
            }
        }
    }

    #[test]
    fn the_line_says_what_is_known() {
        let mut tally = Tally::new("ndjson");
        tally.take(&[b'\n'; 50]);
        let line = |total| {
            let progress = Progress::new(Clock::system(), total, false);
            progress.line(&tally)
        };
        assert!(line(Some(200)).starts_with("[######------------------]  25%  50 of 200 records  "));
        assert!(line(None).starts_with("50 records  0 B"));
        assert!(line(Some(0)).starts_with("50 records  "));
    }
}
