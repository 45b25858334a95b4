//! The messages of OTLP as tables: JSON name, field number, kind.
//!
//! Held against the generated types by a test, so that a field that OTLP gains is noticed.

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(super) fields: &'static [Field],
    pub(super) role: Role,
}

/// What a message is to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The request, a resource's group or a scope's: a name that is unknown here hides records.
    Frame,
    /// A log record, a span, a metric.
    Record,
    Other,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
}

/// How a field is written in JSON and in protobuf.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Ids: hexadecimal text.
    Hex,
    /// Bytes: base64 text.
    Base64,
    Bool,
    Fixed64,
    Fixed32,
    Sfixed64,
    Uint32,
    Uint64,
    Sint32,
    Int64,
    Double,
    /// Enumeration: an integer.
    Enum,
    One(&'static Message),
    Many(&'static Message),
    ManyTexts,
    /// Packed lists.
    ManyDoubles,
    ManyFixed64,
    ManyUint64,
}

const fn field(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind }
}

const fn message(role: Role, fields: &'static [Field]) -> Message {
    Message { fields, role }
}

/// `ExportLogsServiceRequest`.
pub(crate) static LOGS: Message =
    message(Role::Frame, &[field("resourceLogs", 1, Kind::Many(&RESOURCE_LOGS))]);
/// `ExportTraceServiceRequest`.
pub(crate) static TRACES: Message =
    message(Role::Frame, &[field("resourceSpans", 1, Kind::Many(&RESOURCE_SPANS))]);
/// `ExportMetricsServiceRequest`.
pub(crate) static METRICS: Message =
    message(Role::Frame, &[field("resourceMetrics", 1, Kind::Many(&RESOURCE_METRICS))]);

static RESOURCE_LOGS: Message = message(
    Role::Frame,
    &[
        field("resource", 1, Kind::One(&RESOURCE)),
        field("scopeLogs", 2, Kind::Many(&SCOPE_LOGS)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static SCOPE_LOGS: Message = message(
    Role::Frame,
    &[
        field("scope", 1, Kind::One(&SCOPE)),
        field("logRecords", 2, Kind::Many(&LOG_RECORD)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static LOG_RECORD: Message = message(
    Role::Record,
    &[
        field("timeUnixNano", 1, Kind::Fixed64),
        field("observedTimeUnixNano", 11, Kind::Fixed64),
        field("severityNumber", 2, Kind::Enum),
        field("severityText", 3, Kind::Text),
        field("body", 5, Kind::One(&ANY_VALUE)),
        field("attributes", 6, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 7, Kind::Uint32),
        field("flags", 8, Kind::Fixed32),
        field("traceId", 9, Kind::Hex),
        field("spanId", 10, Kind::Hex),
        field("eventName", 12, Kind::Text),
    ],
);
static RESOURCE_SPANS: Message = message(
    Role::Frame,
    &[
        field("resource", 1, Kind::One(&RESOURCE)),
        field("scopeSpans", 2, Kind::Many(&SCOPE_SPANS)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static SCOPE_SPANS: Message = message(
    Role::Frame,
    &[
        field("scope", 1, Kind::One(&SCOPE)),
        field("spans", 2, Kind::Many(&SPAN)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static SPAN: Message = message(
    Role::Record,
    &[
        field("traceId", 1, Kind::Hex),
        field("spanId", 2, Kind::Hex),
        field("traceState", 3, Kind::Text),
        field("parentSpanId", 4, Kind::Hex),
        field("name", 5, Kind::Text),
        field("kind", 6, Kind::Enum),
        field("startTimeUnixNano", 7, Kind::Fixed64),
        field("endTimeUnixNano", 8, Kind::Fixed64),
        field("attributes", 9, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 10, Kind::Uint32),
        field("events", 11, Kind::Many(&EVENT)),
        field("droppedEventsCount", 12, Kind::Uint32),
        field("links", 13, Kind::Many(&LINK)),
        field("droppedLinksCount", 14, Kind::Uint32),
        field("status", 15, Kind::One(&STATUS)),
        field("flags", 16, Kind::Fixed32),
    ],
);
static EVENT: Message = message(
    Role::Other,
    &[
        field("timeUnixNano", 1, Kind::Fixed64),
        field("name", 2, Kind::Text),
        field("attributes", 3, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 4, Kind::Uint32),
    ],
);
static LINK: Message = message(
    Role::Other,
    &[
        field("traceId", 1, Kind::Hex),
        field("spanId", 2, Kind::Hex),
        field("traceState", 3, Kind::Text),
        field("attributes", 4, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 5, Kind::Uint32),
        field("flags", 6, Kind::Fixed32),
    ],
);
static STATUS: Message =
    message(Role::Other, &[field("message", 2, Kind::Text), field("code", 3, Kind::Enum)]);

static RESOURCE: Message = message(
    Role::Other,
    &[
        field("attributes", 1, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 2, Kind::Uint32),
        field("entityRefs", 3, Kind::Many(&ENTITY_REF)),
    ],
);
static ENTITY_REF: Message = message(
    Role::Other,
    &[
        field("schemaUrl", 1, Kind::Text),
        field("type", 2, Kind::Text),
        field("idKeys", 3, Kind::ManyTexts),
        field("descriptionKeys", 4, Kind::ManyTexts),
    ],
);
static SCOPE: Message = message(
    Role::Other,
    &[
        field("name", 1, Kind::Text),
        field("version", 2, Kind::Text),
        field("attributes", 3, Kind::Many(&KEY_VALUE)),
        field("droppedAttributesCount", 4, Kind::Uint32),
    ],
);
static KEY_VALUE: Message =
    message(Role::Other, &[field("key", 1, Kind::Text), field("value", 2, Kind::One(&ANY_VALUE))]);
static ANY_VALUE: Message = message(
    Role::Other,
    &[
        field("stringValue", 1, Kind::Text),
        field("boolValue", 2, Kind::Bool),
        field("intValue", 3, Kind::Int64),
        field("doubleValue", 4, Kind::Double),
        field("arrayValue", 5, Kind::One(&ARRAY_VALUE)),
        field("kvlistValue", 6, Kind::One(&KEY_VALUE_LIST)),
        field("bytesValue", 7, Kind::Base64),
    ],
);
static ARRAY_VALUE: Message = message(Role::Other, &[field("values", 1, Kind::Many(&ANY_VALUE))]);
static KEY_VALUE_LIST: Message = message(Role::Other, &[field("values", 1, Kind::Many(&KEY_VALUE))]);

static RESOURCE_METRICS: Message = message(
    Role::Frame,
    &[
        field("resource", 1, Kind::One(&RESOURCE)),
        field("scopeMetrics", 2, Kind::Many(&SCOPE_METRICS)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static SCOPE_METRICS: Message = message(
    Role::Frame,
    &[
        field("scope", 1, Kind::One(&SCOPE)),
        field("metrics", 2, Kind::Many(&METRIC)),
        field("schemaUrl", 3, Kind::Text),
    ],
);
static METRIC: Message = message(
    Role::Record,
    &[
        field("name", 1, Kind::Text),
        field("description", 2, Kind::Text),
        field("unit", 3, Kind::Text),
        field("gauge", 5, Kind::One(&GAUGE)),
        field("sum", 7, Kind::One(&SUM)),
        field("histogram", 9, Kind::One(&HISTOGRAM)),
        field("exponentialHistogram", 10, Kind::One(&EXPONENTIAL_HISTOGRAM)),
        field("summary", 11, Kind::One(&SUMMARY)),
        field("metadata", 12, Kind::Many(&KEY_VALUE)),
    ],
);
static GAUGE: Message = message(Role::Other, &[field("dataPoints", 1, Kind::Many(&NUMBER_POINT))]);
static SUM: Message = message(
    Role::Other,
    &[
        field("dataPoints", 1, Kind::Many(&NUMBER_POINT)),
        field("aggregationTemporality", 2, Kind::Enum),
        field("isMonotonic", 3, Kind::Bool),
    ],
);
static HISTOGRAM: Message = message(
    Role::Other,
    &[field("dataPoints", 1, Kind::Many(&HISTOGRAM_POINT)), field("aggregationTemporality", 2, Kind::Enum)],
);
static EXPONENTIAL_HISTOGRAM: Message = message(
    Role::Other,
    &[field("dataPoints", 1, Kind::Many(&EXPONENTIAL_POINT)), field("aggregationTemporality", 2, Kind::Enum)],
);
static SUMMARY: Message = message(Role::Other, &[field("dataPoints", 1, Kind::Many(&SUMMARY_POINT))]);
static NUMBER_POINT: Message = message(
    Role::Other,
    &[
        field("startTimeUnixNano", 2, Kind::Fixed64),
        field("timeUnixNano", 3, Kind::Fixed64),
        field("asDouble", 4, Kind::Double),
        field("exemplars", 5, Kind::Many(&EXEMPLAR)),
        field("asInt", 6, Kind::Sfixed64),
        field("attributes", 7, Kind::Many(&KEY_VALUE)),
        field("flags", 8, Kind::Uint32),
    ],
);
static HISTOGRAM_POINT: Message = message(
    Role::Other,
    &[
        field("startTimeUnixNano", 2, Kind::Fixed64),
        field("timeUnixNano", 3, Kind::Fixed64),
        field("count", 4, Kind::Fixed64),
        field("sum", 5, Kind::Double),
        field("bucketCounts", 6, Kind::ManyFixed64),
        field("explicitBounds", 7, Kind::ManyDoubles),
        field("exemplars", 8, Kind::Many(&EXEMPLAR)),
        field("attributes", 9, Kind::Many(&KEY_VALUE)),
        field("flags", 10, Kind::Uint32),
        field("min", 11, Kind::Double),
        field("max", 12, Kind::Double),
    ],
);
static EXPONENTIAL_POINT: Message = message(
    Role::Other,
    &[
        field("attributes", 1, Kind::Many(&KEY_VALUE)),
        field("startTimeUnixNano", 2, Kind::Fixed64),
        field("timeUnixNano", 3, Kind::Fixed64),
        field("count", 4, Kind::Fixed64),
        field("sum", 5, Kind::Double),
        field("scale", 6, Kind::Sint32),
        field("zeroCount", 7, Kind::Fixed64),
        field("positive", 8, Kind::One(&BUCKETS)),
        field("negative", 9, Kind::One(&BUCKETS)),
        field("flags", 10, Kind::Uint32),
        field("exemplars", 11, Kind::Many(&EXEMPLAR)),
        field("min", 12, Kind::Double),
        field("max", 13, Kind::Double),
        field("zeroThreshold", 14, Kind::Double),
    ],
);
static BUCKETS: Message =
    message(Role::Other, &[field("offset", 1, Kind::Sint32), field("bucketCounts", 2, Kind::ManyUint64)]);
static SUMMARY_POINT: Message = message(
    Role::Other,
    &[
        field("startTimeUnixNano", 2, Kind::Fixed64),
        field("timeUnixNano", 3, Kind::Fixed64),
        field("count", 4, Kind::Fixed64),
        field("sum", 5, Kind::Double),
        field("quantileValues", 6, Kind::Many(&QUANTILE)),
        field("attributes", 7, Kind::Many(&KEY_VALUE)),
        field("flags", 8, Kind::Uint32),
    ],
);
static QUANTILE: Message =
    message(Role::Other, &[field("quantile", 1, Kind::Double), field("value", 2, Kind::Double)]);
static EXEMPLAR: Message = message(
    Role::Other,
    &[
        field("timeUnixNano", 2, Kind::Fixed64),
        field("asDouble", 3, Kind::Double),
        field("spanId", 4, Kind::Hex),
        field("traceId", 5, Kind::Hex),
        field("asInt", 6, Kind::Sfixed64),
        field("filteredAttributes", 7, Kind::Many(&KEY_VALUE)),
    ],
);
