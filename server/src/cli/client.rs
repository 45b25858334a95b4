//! Arguments of the commands that ask a running server.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

/// Where a server listens when nothing else is said.
const SERVER_DEFAULT: &str = "http://127.0.0.1:16686";
/// Most records one search prints: it holds them until the oldest has come.
const SEARCH_RECORDS_MAX: u64 = 10_000;

/// Which server is asked, and in whose name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connect {
    /// Address of the server.
    #[arg(long, value_name = "URL", env = "SPOOR_SERVER", default_value = SERVER_DEFAULT)]
    pub server: String,
    /// Tenant whose records are asked for.
    #[arg(long, value_name = "NAME", env = "SPOOR_TENANT")]
    pub tenant: Option<String>,
}

/// How answers are shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Look {
    /// Write the server's JSON as it came, for programs.
    #[arg(long)]
    pub json: bool,
    /// Colour the text; `auto` does on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: WhichColor,
    /// Show times in UTC; away from a terminal they always are.
    #[arg(long)]
    pub utc: bool,
    /// Leave out notes on standard error; errors are still said.
    #[arg(long, short)]
    pub quiet: bool,
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichColor {
    /// On a terminal.
    Auto,
    /// Also through a pipe.
    Always,
    /// Not at all.
    Never,
}

/// From when to when.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct Range {
    /// First moment: RFC 3339, Unix seconds to nanoseconds, `now`, or `-15m`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<String>,
    /// Last moment, written like the first.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end: Option<String>,
    /// How far to look back: `15m`, `2h 30m`, `7d`.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "start")]
    since: Option<Duration>,
}

/// What records are like.
#[derive(Clone, Debug, Args)]
pub(crate) struct Query {
    /// What to look for, in the search language; words are joined by spaces. Quote it: shells read `>`, `"` and `*` themselves.
    #[arg(value_name = "QUERY")]
    words: Vec<String>,
    /// Only `logs`, or only `spans`.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<String>,
}

/// Whom to ask about an unknown id.
#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// A trace id, span id or correlation id, in any spelling.
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which flow, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct FlowArgs {
    /// A trace id, span id or correlation id, in any spelling.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Only where the id stands under this correlation key.
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Most records of the flow that the server sends.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
    /// Which log records to show under their spans.
    #[arg(long, value_enum, value_name = "WHICH", default_value = "all")]
    pub logs: WhichLogs,
    /// Levels of spans to show; what is deeper is counted.
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u32).range(1..))]
    pub depth: Option<u32>,
    /// Draw with ASCII characters only, as through a pipe.
    #[arg(long)]
    pub ascii: bool,
    /// Columns to draw in [default: as wide as the terminal; 100 through a pipe]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub width: Option<u16>,
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which log records of a flow are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichLogs {
    /// No log records.
    None,
    /// Those of severity error and above.
    Errors,
    /// Every log record.
    All,
}

/// Which records to show, and how.
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub query: Query,
    /// Most records to show, the newest ones; for more than 10,000 use `export`.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=SEARCH_RECORDS_MAX))]
    pub limit: u64,
    /// Where to go on, as the search before said.
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Show the newest record first.
    #[arg(long, short)]
    pub reverse: bool,
    /// Attributes to show: names with commas between, `all` or `none` [default: the first few]
    #[arg(long, value_name = "NAMES")]
    pub fields: Option<String>,
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which records to show as they arrive.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub query: Query,
    /// End after this many records.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Attributes to show: names with commas between, `all` or `none` [default: the first few]
    #[arg(long, value_name = "NAMES")]
    pub fields: Option<String>,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which flows to list.
#[derive(Debug, Args)]
pub(crate) struct FlowsArgs {
    #[command(flatten)]
    pub query: Query,
    /// Correlation key whose ids are listed.
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Only flows in this state: `ok`, `error`, `running`, `stuck`.
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Most flows to list.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
    /// Where to go on, as the list before said.
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which services to list.
#[derive(Debug, Args)]
pub(crate) struct ServicesArgs {
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// What to group and to measure.
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub query: Query,
    /// Fields to group by, with commas between.
    #[arg(long, short = 'b', value_name = "FIELDS")]
    pub by: Option<String>,
    /// What to measure, with commas between: `count`, `rate`, `p95(duration)`, `avg(f)`, `distinct(f)`, …
    #[arg(long = "select", short, value_name = "MEASURES", default_value = "count")]
    pub measures: String,
    /// Width of a bucket of time, such as `5m`; each measure is then listed over time.
    #[arg(long, value_name = "DURATION")]
    pub interval: Option<String>,
    /// Measure that the groups are ordered by, with ` asc` for the least first [default: the first one, the most first]
    #[arg(long, value_name = "MEASURE")]
    pub order: Option<String>,
    /// Most groups to list.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
    #[command(flatten)]
    pub look: Look,
}

/// Which records to write, where and how.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub query: Query,
    /// How records are written: `ndjson`, `otlp-json`, `csv`, `parquet`.
    #[arg(long, short, value_name = "FORMAT", default_value = "ndjson")]
    pub format: String,
    /// File to write; `-` is standard output. It appears under this name once it is whole.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Replace the file if there is one.
    #[arg(long)]
    pub force: bool,
    /// Columns of `csv` and `parquet`, with commas between.
    #[arg(long, value_name = "NAMES")]
    pub columns: Option<String>,
    /// Most records to write.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
    /// Do not show progress.
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub range: Range,
    #[command(flatten)]
    pub connect: Connect,
}

/// For which shell.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that reads the script.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

impl Range {
    /// The API's parameters.
    pub(crate) fn parameters(&self) -> [(&'static str, Option<String>); 2] {
        // The server counts back on its own clock.
        let since = self.since.map(|since| format!("-{}ns", since.as_nanos()));
        [("start", since.or_else(|| self.start.clone())), ("end", self.end.clone())]
    }
}

/// What records are like, and when they were, as the API's parameters.
pub(crate) fn selection(query: &Query, range: &Range) -> Vec<(&'static str, Option<String>)> {
    query.parameters().into_iter().chain(range.parameters()).collect()
}

impl Query {
    /// The query as the API takes it.
    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// The API's parameters.
    pub(crate) fn parameters(&self) -> [(&'static str, Option<String>); 2] {
        [("q", Some(self.text())), ("signal", self.signal.clone())]
    }
}
