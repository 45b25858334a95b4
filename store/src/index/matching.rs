//! Conditions on values, checked on the values themselves: what the index cannot decide alone.

use super::term::Part;
use crate::model::batch::BodyKind;
use crate::model::record::{EVENT_NAME, SPAN_EVENTS};
use crate::model::value::{KeyValueRef, embedded, flatten};
use crate::model::{Stream, ValueRef};
use crate::predicate::Test;

/// Whether the attribute (a `KeyValue` message) has a scalar at the dotted path `key` that `test` accepts.
pub(crate) fn attribute(key_value: &[u8], key: &str, test: &Test) -> bool {
    parsed(KeyValueRef::parse(key_value), key, test)
}

fn parsed(attribute: KeyValueRef<'_>, key: &str, test: &Test) -> bool {
    if !key.starts_with(attribute.key) {
        return false;
    }
    let mut found = false;
    flatten(attribute.key, attribute.value, &mut |path, text| found |= path == key && test.accepts(text));
    found
}

/// Whether a log body is, or holds, a text that `test` accepts.
pub(crate) fn body(kind: BodyKind, body: &[u8], test: &Test) -> bool {
    match kind {
        BodyKind::None => false,
        BodyKind::Text => std::str::from_utf8(body).is_ok_and(|text| test.accepts(text)),
        BodyKind::Value => {
            let mut found = false;
            flatten("", ValueRef::parse(body), &mut |_, text| found = found || test.accepts(text));
            found
        }
    }
}

/// Whether a resource attribute of the stream satisfies `test`. `service.name` always exists.
pub(crate) fn resource(stream: &Stream, key: &str, test: &Test) -> bool {
    if key == "service.name" {
        return test.accepts(&stream.service);
    }
    stream.resource_attributes().any(|attribute| parsed(attribute, key, test))
}

/// Whether a scope attribute of the stream satisfies `test`.
pub(crate) fn scope(stream: &Stream, key: &str, test: &Test) -> bool {
    stream.scope_attributes().any(|attribute| parsed(attribute, key, test))
}

/// Whether one of the events or links in a span's remaining fields has an attribute that satisfies `test`.
pub(crate) fn part_attribute(rest: &[u8], part: Part, key: &str, test: &Test) -> bool {
    part.attributes(rest).any(|key_value| attribute(key_value, key, test))
}

/// Whether one of the events in a span's remaining fields has a name that satisfies `test`.
pub(crate) fn event_name(rest: &[u8], test: &Test) -> bool {
    embedded(rest, SPAN_EVENTS)
        .filter_map(|event| std::str::from_utf8(embedded(event, EVENT_NAME).last().unwrap_or_default()).ok())
        .any(|name| test.accepts(name))
}
