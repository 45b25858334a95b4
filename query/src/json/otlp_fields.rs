//! Field numbers of the OTLP messages whose wire form is read in place.

/// `Span`.
pub(crate) mod span {
    pub(crate) const TRACE_STATE: u32 = 3;
    pub(crate) const START: u32 = 7;
    pub(crate) const DROPPED_ATTRIBUTES: u32 = 10;
    pub(crate) const EVENTS: u32 = 11;
    pub(crate) const DROPPED_EVENTS: u32 = 12;
    pub(crate) const LINKS: u32 = 13;
    pub(crate) const DROPPED_LINKS: u32 = 14;
    pub(crate) const STATUS: u32 = 15;
}

/// `Span.Event`.
pub(crate) mod event {
    pub(crate) const TIME: u32 = 1;
    pub(crate) const NAME: u32 = 2;
    pub(crate) const ATTRIBUTES: u32 = 3;
    pub(crate) const DROPPED_ATTRIBUTES: u32 = 4;
}

/// `Span.Link`.
pub(crate) mod link {
    pub(crate) const TRACE_ID: u32 = 1;
    pub(crate) const SPAN_ID: u32 = 2;
    pub(crate) const TRACE_STATE: u32 = 3;
    pub(crate) const ATTRIBUTES: u32 = 4;
    pub(crate) const DROPPED_ATTRIBUTES: u32 = 5;
}

/// `Status`.
pub(crate) mod status {
    pub(crate) const MESSAGE: u32 = 2;
}

/// `LogRecord`.
pub(crate) mod log {
    pub(crate) const TIME: u32 = 1;
    pub(crate) const SEVERITY_NUMBER: u32 = 2;
    pub(crate) const DROPPED_ATTRIBUTES: u32 = 7;
}
