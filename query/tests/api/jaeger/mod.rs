//! Jaeger's API over a real store: what is found, in which shape, and what is refused with which words.

mod classic;
mod dependencies;
mod errors;
mod grpc;
mod metrics;
mod search;
mod v3;

use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::span::Event;
use spoor_proto::otlp::{ArrayValue, InstrumentationScope, KeyValueList};

use crate::world::{SECOND, Sample, T, attribute, span, text};

/// Microseconds since 1970 of the tests' records.
const T_MICROS: u64 = T / 1_000;

/// A search's range around the tests' records, in the classic API's words.
fn around() -> String {
    format!("start={}&end={}", T_MICROS - 1_000_000, T_MICROS + 3_600_000_000)
}

/// The same in version 3's words.
const AROUND_V3: &str = "query.startTimeMin=2027-01-15T06:59:00Z&query.startTimeMax=2027-01-15T08:00:00Z";

/// A trace of two services, with everything that Jaeger's model has a place for.
fn checkout() -> Vec<Sample> {
    let list = ArrayValue {
        values: [Value::IntValue(1), Value::StringValue("b".to_owned())]
            .map(|value| attribute("", value).value.unwrap())
            .to_vec(),
    };
    let map = KeyValueList { values: vec![text("k", "v"), attribute("a", Value::BoolValue(false))] };
    let event = Event {
        time_unix_nano: T + 5_500,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "Timeout")],
        ..Event::default()
    };
    let scope =
        InstrumentationScope { name: "io.web".to_owned(), version: "1.2".to_owned(), ..Default::default() };
    vec![
        span("web", 0x2a, 1, T)
            .scope(scope)
            .resource(text("host.name", "h1"))
            .attribute(attribute("http.status_code", Value::IntValue(500)))
            .attribute(attribute("big", Value::IntValue(1 << 53)))
            .attribute(attribute("ratio", Value::DoubleValue(72.5)))
            .attribute(attribute("cached", Value::BoolValue(true)))
            .attribute(attribute("raw", Value::BytesValue(vec![1, 2])))
            .attribute(attribute("list", Value::ArrayValue(list)))
            .attribute(attribute("map", Value::KvlistValue(map)))
            .span(|span| {
                span.end_time_unix_nano = T + 2_000_999;
                span.trace_state = "a=b".to_owned();
                span.events.push(event);
            })
            .failed("boom"),
        span("cart", 0x2a, 2, T + 1_000).under(1).linked_to(7, 9).span(|span| {
            span.kind = 3;
            span.end_time_unix_nano = T + 2_000;
            span.links[0].attributes.push(text("link.reason", "retry"));
        }),
    ]
}

/// A span of another trace, later, of the same service.
fn later() -> Sample {
    span("web", 0x2b, 1, T + 60 * SECOND)
}
