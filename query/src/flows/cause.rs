//! What failed first of all: the deepest error span with no error beneath it, the earliest of several; without an
//! error span, the earliest error log.

use std::cmp::Reverse;

use spoor_store::model::{Record, RecordBody};

use super::answer::Cause;
use super::assemble::Assembly;
use super::forest::Parent;
use crate::json::record::{exception_message, status_message};
use crate::json::value::ValueJson;
use crate::owners::Owners;

/// Longest message of a cause, in characters; the record itself has all of it.
const MESSAGE_MAX: usize = 1_000;

/// The cause of an error flow; `None` when nothing in it failed.
pub(crate) fn cause(flow: &Assembly, owners: &Owners) -> Option<Cause> {
    if let Some(span) = error_span(flow) {
        let span = &flow.spans[span];
        return Some(from(span, span_message(flow, span), owners));
    }
    let log = flow.logs.iter().find(|log| log.is_error())?;
    Some(from(log, log_message(log), owners))
}

fn error_span(flow: &Assembly) -> Option<usize> {
    let mut error_beneath = vec![false; flow.spans.len()];
    let errors = || (0..flow.spans.len()).filter(|index| flow.spans[*index].is_error());
    for error in errors() {
        let mut span = error;
        while let Parent::Span(above) = flow.forest.parent(span) {
            if std::mem::replace(&mut error_beneath[above], true) {
                break;
            }
            span = above;
        }
    }
    errors()
        .filter(|index| !error_beneath[*index])
        .min_by_key(|index| (Reverse(flow.forest.depth(*index)), flow.spans[*index].time, *index))
}

/// The status, else the exception, else the first error log written in the span.
fn span_message(flow: &Assembly, span: &Record) -> String {
    let status = status_message(span);
    if !status.is_empty() {
        return status.to_owned();
    }
    exception_message(span).unwrap_or_else(|| {
        let within =
            |log: &&Record| log.is_error() && log.span_id == span.span_id && log.trace_id == span.trace_id;
        flow.logs.iter().find(within).map(log_message).unwrap_or_default()
    })
}

fn log_message(log: &Record) -> String {
    match &log.body {
        RecordBody::Text(text) => text.clone(),
        RecordBody::None => String::new(),
        RecordBody::Value(_) => serde_json::to_string(&ValueJson::new(log.body_value())).unwrap_or_default(),
    }
}

fn from(record: &Record, message: String, owners: &Owners) -> Cause {
    Cause {
        record: record.id,
        signal: record.signal.as_str(),
        service: record.stream.service.clone(),
        owner: owners.of(&record.stream).map(str::to_owned),
        name: record.name.clone(),
        message: message.chars().take(MESSAGE_MAX).collect(),
        trace_id: record.trace_id.map(|id| id.to_string()).unwrap_or_default(),
        span_id: record.span_id.map(|id| id.to_string()).unwrap_or_default(),
        time: record.time,
    }
}
