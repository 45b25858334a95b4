//! Attributes: in order of their keys, addresses as text, those of the instrumentation library on the resource.

use std::net::Ipv4Addr;

use spoor_proto::otlp::{AnyValue, KeyValue, any_value::Value};

use crate::jaeger::trace::Trace;

/// Attributes that hold an IPv4 address, which Zipkin's and Jaeger's old clients send as a number.
const ADDRESSES: [&str; 2] = ["ip", "peer.ipv4"];

/// Attributes that tell of the library that made a span, and so of its process.
const LIBRARY: [&str; 5] = [
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "telemetry.distro.name",
    "telemetry.distro.version",
];

/// Orders attributes by key, and events by time.
pub(super) fn sort(trace: &mut Trace) {
    let by_key = |attributes: &mut Vec<KeyValue>| attributes.sort_by(|left, right| left.key.cmp(&right.key));
    for source in &mut trace.sources {
        by_key(&mut source.resource.attributes);
        by_key(&mut source.scope.attributes);
    }
    for span in trace.spans.iter_mut().map(|one| &mut one.span) {
        by_key(&mut span.attributes);
        span.events.sort_by_key(|event| event.time_unix_nano);
        span.events.iter_mut().for_each(|event| by_key(&mut event.attributes));
        span.links.iter_mut().for_each(|link| by_key(&mut link.attributes));
    }
}

/// Writes addresses that came as numbers as people do.
pub(super) fn write_addresses(trace: &mut Trace) {
    let resources = trace.sources.iter_mut().flat_map(|source| &mut source.resource.attributes);
    let spans = trace.spans.iter_mut().flat_map(|one| &mut one.span.attributes);
    for attribute in resources.chain(spans).filter(|attribute| ADDRESSES.contains(&attribute.key.as_str())) {
        let bits = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::IntValue(int)) => *int as u32,
            Some(Value::DoubleValue(double)) => *double as i64 as u32,
            _ => continue,
        };
        let text = Ipv4Addr::from_bits(bits).to_string();
        attribute.value = Some(AnyValue { value: Some(Value::StringValue(text)) });
    }
}

/// Moves what tells of the library from the spans to their resource, where clients show it once.
pub(super) fn move_library(trace: &mut Trace) {
    for one in &mut trace.spans {
        let resource = &mut trace.sources[one.source].resource.attributes;
        let warnings = &mut one.warnings;
        one.span.attributes.retain(|attribute| {
            if !LIBRARY.contains(&attribute.key.as_str()) {
                return true;
            }
            match resource.iter().find(|other| other.key == attribute.key) {
                Some(other) if other.value != attribute.value => {
                    let key = &attribute.key;
                    warnings
                        .push(format!("conflicting values between Span and Resource for attribute {key}"));
                    return true;
                }
                Some(_) => {}
                None => resource.push(attribute.clone()),
            }
            false
        });
    }
}
