//! What a record is: its signal, and the small enums of OTLP that are indexed.

/// What kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Signal {
    /// A log record.
    Logs = 0,
    /// A span.
    Spans = 1,
}

/// Severity of a log record, by OTLP's ranges of `severity_number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// 0, or past the defined range.
    Unspecified,
    /// 1–4.
    Trace,
    /// 5–8.
    Debug,
    /// 9–12.
    Info,
    /// 13–16.
    Warn,
    /// 17–20.
    Error,
    /// 21–24.
    Fatal,
}

/// Kind of a span, as numbered by OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// Not given.
    Unspecified = 0,
    /// Inside one service.
    Internal = 1,
    /// Serves a request.
    Server = 2,
    /// Makes a request.
    Client = 3,
    /// Sends a message.
    Producer = 4,
    /// Handles a message.
    Consumer = 5,
}

/// Status of a span, as numbered by OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpanStatus {
    /// Not given.
    Unset = 0,
    /// Set to OK by the instrumented code.
    Ok = 1,
    /// Failed.
    Error = 2,
}

impl Signal {
    /// The name used in the API: `logs` or `spans`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Spans => "spans",
        }
    }

    /// The signal named so.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "logs" => Some(Self::Logs),
            "spans" => Some(Self::Spans),
            _ => None,
        }
    }

    /// The signal numbered so on disk.
    pub fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Logs),
            1 => Some(Self::Spans),
            _ => None,
        }
    }
}

impl Severity {
    /// All, from the lowest.
    pub const ALL: [Self; 7] =
        [Self::Unspecified, Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The range that `severity_number` falls into.
    pub fn from_number(number: u8) -> Self {
        match number {
            1..=4 => Self::Trace,
            5..=8 => Self::Debug,
            9..=12 => Self::Info,
            13..=16 => Self::Warn,
            17..=20 => Self::Error,
            21..=24 => Self::Fatal,
            _ => Self::Unspecified,
        }
    }

    /// Lowest and highest `severity_number` of this range.
    pub fn numbers(self) -> (u8, u8) {
        match self {
            Self::Unspecified => (0, 0),
            Self::Trace => (1, 4),
            Self::Debug => (5, 8),
            Self::Info => (9, 12),
            Self::Warn => (13, 16),
            Self::Error => (17, 20),
            Self::Fatal => (21, 24),
        }
    }

    /// The name used in the API and the search language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The severity named so, any case; `warning` and `critical` are understood.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "warning" => Some(Self::Warn),
            "critical" => Some(Self::Fatal),
            _ => Self::ALL.into_iter().find(|severity| severity.as_str() == name),
        }
    }
}

impl SpanKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer];

    /// The kind numbered so; unknown numbers are unspecified, as in proto3.
    pub fn from_u8(number: u8) -> Self {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number).unwrap_or(Self::Unspecified)
    }

    /// The name used in the API and the search language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    /// The kind named so, any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }
}

impl SpanStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Unset, Self::Ok, Self::Error];

    /// The status numbered so; unknown numbers are unset, as in proto3.
    pub fn from_u8(number: u8) -> Self {
        Self::ALL.into_iter().find(|status| *status as u8 == number).unwrap_or(Self::Unset)
    }

    /// The name used in the API and the search language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    /// The status named so, any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(name))
    }
}
