//! The walk through a request: resources, scopes under them, records under those.
//!
//! Logs and traces number the fields of these three levels alike, so one walk serves both.

use std::borrow::Cow;

use spoor_proto::wire::Fields;
use spoor_store::model::{Row, Signal, StreamParts, UnixNanos};

use super::fault::{Fault, Malformed, Reason};
use super::limits::Limits;
use super::rest::Rest;
use super::sink::RecordSink;
use super::stream::{self, Head, ITEMS};
use super::tally::Tally;
use super::{logs, spans};
use crate::correlation::{Extractor, Found, IDS_MAX, TextScratch};

/// Number of the list in a request.
const GROUPS: u32 = 1;

/// What a decode depends on beside the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'j> {
    pub(crate) signal: Signal,
    pub(crate) arrival: UnixNanos,
    pub(crate) extractor: &'j Extractor,
    pub(crate) limits: Limits,
}

/// Decodes an `Export…ServiceRequest` into `sink`.
///
/// When the request is [`Malformed`], what the sink got before must be thrown away.
pub(crate) fn decode<S: RecordSink>(request: &[u8], job: &Job<'_>, sink: &mut S) -> Result<Tally, Malformed> {
    let scratch = Scratch { texts: job.extractor.scratch(), ..Scratch::default() };
    let mut walk =
        Walk { job, sink, tally: Tally::default(), found: Found::default(), scratch, stream_bytes: 0 };
    let names = Names::of(job.signal);
    let mut index = 0;
    for field in Fields::new(request) {
        let field = field.map_err(Malformed::here)?;
        if field.number != GROUPS {
            continue;
        }
        let group = field.bytes().map_err(Malformed::here)?;
        walk.group(group, index).map_err(|malformed| malformed.inside(names.group, index))?;
        index += 1;
    }
    walk.tally.ids_skipped = walk.found.skipped();
    Ok(walk.tally)
}

/// Space that is used again for every record.
#[derive(Debug, Default)]
pub(super) struct Scratch<'a> {
    pub(super) attributes: Vec<&'a [u8]>,
    pub(super) rest: Rest<'a>,
    pub(super) text: String,
    pub(super) value: Vec<u8>,
    pub(super) merged: Vec<u8>,
    pub(super) texts: TextScratch,
}

/// A record, decoded, with what was done to it.
pub(super) struct Decoded<'r> {
    pub(super) row: Row<'r>,
    pub(super) body_cut: bool,
    pub(super) time_clamped: bool,
}

struct Walk<'a, 'j, S> {
    job: &'j Job<'j>,
    sink: &'j mut S,
    tally: Tally,
    found: Found,
    scratch: Scratch<'a>,
    stream_bytes: usize,
}

/// Where a scope's records stand, and what they share.
struct Place<'h, 'a> {
    resource: &'h Head<'a>,
    scope: &'h Head<'a>,
    group_index: usize,
    scope_index: usize,
    /// The stream's number, once a record of it was accepted.
    stream: Option<u32>,
}

impl<'a, S: RecordSink> Walk<'a, '_, S> {
    fn group(&mut self, group: &'a [u8], group_index: usize) -> Result<(), Malformed> {
        let names = Names::of(self.job.signal);
        let mut resource = Head::read(group)?;
        self.found.clear();
        let (extractor, found) = (self.job.extractor, &mut self.found);
        resource
            .check(|message| stream::resource(message, extractor, found))
            .map_err(|why| Malformed::here(why).inside("resource", 0))?;
        let mark = self.found.mark();
        let mut scope_index = 0;
        for field in Fields::new(group) {
            let field = field.map_err(Malformed::here)?;
            if field.number != ITEMS {
                continue;
            }
            let scope = field.bytes().map_err(Malformed::here)?;
            self.found.rewind(mark);
            self.scope(scope, &resource, (group_index, scope_index))
                .map_err(|malformed| malformed.inside(names.scope, scope_index))?;
            scope_index += 1;
        }
        Ok(())
    }

    fn scope(
        &mut self,
        group: &'a [u8],
        resource: &Head<'a>,
        (group_index, scope_index): (usize, usize),
    ) -> Result<(), Malformed> {
        let names = Names::of(self.job.signal);
        let mut scope = Head::read(group)?;
        let (extractor, found) = (self.job.extractor, &mut self.found);
        scope
            .check(|message| stream::scope(message, extractor, found))
            .map_err(|why| Malformed::here(why).inside("scope", 0))?;
        let mut place = Place { resource, scope: &scope, group_index, scope_index, stream: None };
        let mark = self.found.mark();
        let mut index = 0;
        for field in Fields::new(group) {
            let field = field.map_err(Malformed::here)?;
            if field.number != ITEMS {
                continue;
            }
            let record = field.bytes().map_err(Malformed::here)?;
            self.found.rewind(mark);
            match self.record(record, &mut place) {
                Ok(()) => self.tally.accepted += 1,
                Err(Fault::Wire(why)) => return Err(Malformed::here(why).inside(names.record, index)),
                Err(Fault::Rejected(reason)) => self.tally.reject(reason, 1, || place.describe(names, index)),
            }
            index += 1;
        }
        Ok(())
    }

    #[inline]
    fn record(&mut self, message: &'a [u8], place: &mut Place<'_, 'a>) -> Result<(), Fault> {
        if let Some(reason) = place.resource.rejected.or(place.scope.rejected) {
            return Err(Fault::Rejected(reason));
        }
        if self.tally.accepted >= self.job.limits.records_max {
            return Err(Fault::Rejected(Reason::Records));
        }
        let mut pairs = [("", ""); IDS_MAX];
        let decoded = match self.job.signal {
            Signal::Logs => logs::record(message, self.job, &mut self.scratch, &mut self.found)?,
            Signal::Spans => spans::record(message, self.job, &mut self.scratch, &mut self.found)?,
        };
        let Decoded { mut row, body_cut, time_clamped } = decoded;
        let stream = match place.stream {
            Some(stream) => stream,
            None => {
                self.stream_bytes += place.resource.len() + place.scope.len();
                if self.stream_bytes > self.job.limits.stream_bytes_max {
                    return Err(Fault::Rejected(Reason::Streams));
                }
                let stream = self.sink.stream(place.parts());
                place.stream = Some(stream);
                stream
            }
        };
        row.stream = stream;
        row.correlations = self.found.pairs(self.job.extractor, &mut pairs);
        self.sink.row(&row);
        self.tally.bodies_cut += u64::from(body_cut);
        self.tally.times_clamped += u64::from(time_clamped);
        Ok(())
    }
}

impl Place<'_, '_> {
    fn parts(&self) -> StreamParts {
        StreamParts {
            resource: self.resource.message.as_ref().map(|message| Cow::into_owned(message.clone())),
            resource_schema_url: self.resource.schema_url.to_owned(),
            scope: self.scope.message.as_ref().map(|message| Cow::into_owned(message.clone())),
            scope_schema_url: self.scope.schema_url.to_owned(),
        }
    }

    fn describe(&self, names: &Names, index: usize) -> String {
        let Self { group_index, scope_index, .. } = self;
        format!("{}[{group_index}].{}[{scope_index}].{}[{index}]", names.group, names.scope, names.record)
    }
}

/// Names of the three lists, for messages.
struct Names {
    group: &'static str,
    scope: &'static str,
    record: &'static str,
}

impl Names {
    fn of(signal: Signal) -> &'static Self {
        match signal {
            Signal::Logs => &Self { group: "resource_logs", scope: "scope_logs", record: "log_records" },
            Signal::Spans => &Self { group: "resource_spans", scope: "scope_spans", record: "spans" },
        }
    }
}
