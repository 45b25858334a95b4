//! One value for each hot row, through interned numbers.

use super::chunk::{Chunk, INLINE, NONE};
use super::rows::HotView;
use crate::error::Result;
use crate::index::term;
use crate::leaf::fields::{Filling, Least, indexed, least_event_attribute, least_event_name};
use crate::leaf::{DocSet, Origin};
use crate::model::TraceId;
use crate::model::batch::BodyKind;
use crate::model::record::{LINK_TRACE_ID, SPAN_LINKS};
use crate::model::value::ValueRef;
use crate::model::value::embedded;
use crate::split::inline_items;

/// Rows between two looks at the deadline.
const ROWS_PER_CHECK: usize = 16_384;

/// What is known of a dictionary's item: its value's number, or that it has none.
#[derive(Clone, Copy)]
enum Known {
    Unread,
    Nothing,
    Value(u32),
}

impl HotView {
    /// Gives `docs` their values at an origin that columns do not decide.
    pub(crate) fn fill_field(&self, docs: &DocSet, origin: &Origin, filling: &mut Filling<'_>) -> Result<()> {
        match origin {
            Origin::Name | Origin::LogName => {
                let logs_only = matches!(origin, Origin::LogName);
                let names = self.rows.read().tables.names.len();
                self.by_number(
                    docs,
                    filling,
                    names,
                    |filling, number| {
                        let state = self.rows.read();
                        let name = String::from_utf8_lossy(state.tables.names.get(number));
                        let number = (!name.is_empty()).then(|| filling.intern(&indexed(&name)));
                        number.transpose()
                    },
                    |chunk, index| {
                        let row = &chunk.rows[index];
                        (!logs_only || !row.bits.is_span()).then_some(row.name)
                    },
                )
            }
            Origin::Trace => {
                let traces = self.rows.read().tables.traces.len();
                self.by_number(
                    docs,
                    filling,
                    traces,
                    |filling, number| {
                        let id = TraceId::from_bytes(&self.rows.read().tables.traces[number as usize]);
                        id.map(|id| filling.intern(&id.to_string())).transpose()
                    },
                    |chunk, index| Some(chunk.rows[index].trace).filter(|trace| *trace != NONE),
                )
            }
            Origin::Correlation(key) => self.each_row(docs, filling, |filling, chunk, index| {
                let ids = chunk.correlations(index);
                if ids.is_empty() {
                    return Ok(None);
                }
                let state = self.rows.read();
                let mut least = Least::default();
                for id in ids {
                    if let Some((found, value)) = term::split_correlation(state.tables.correlations.get(*id))
                        && found == key
                    {
                        least.offer(value);
                    }
                }
                least.0.map(|text| filling.intern(&text)).transpose()
            }),
            Origin::Attribute(key) => self.fill_attribute(docs, key, filling),
            Origin::EventName => self.by_rest(docs, filling, least_event_name),
            Origin::EventAttribute(key) => {
                self.by_rest(docs, filling, |rest| least_event_attribute(rest, key))
            }
            Origin::Link => self.by_rest(docs, filling, |rest| {
                let ids = embedded(rest, SPAN_LINKS)
                    .filter_map(|link| TraceId::from_bytes(embedded(link, LINK_TRACE_ID).last()?));
                ids.min().map(|id| id.to_string())
            }),
            Origin::Signal
            | Origin::Severity
            | Origin::Kind
            | Origin::Status
            | Origin::Root
            | Origin::Stream(_) => Ok(()),
        }
    }

    fn fill_attribute(&self, docs: &DocSet, key: &str, filling: &mut Filling<'_>) -> Result<()> {
        let attributes = self.rows.read().tables.attributes.len();
        let mut known = vec![Known::Unread; attributes];
        let may_be_body = key.starts_with("body.");
        self.each_row(docs, filling, |filling, chunk, index| {
            // Nearly always one attribute of a row has the key, and its number tells its value.
            let mut first = None;
            let mut several = false;
            let mut inline = inline_items(chunk.inline(index));
            let mut least = Least::default();
            for id in chunk.attributes(index) {
                if *id == INLINE {
                    least.attribute(inline.next().unwrap_or_default(), key);
                    continue;
                }
                match self.attribute_value(&mut known, *id, key, filling)? {
                    Some(number) if first.is_some_and(|first| first != number) => several = true,
                    Some(number) => first = Some(number),
                    None => {}
                }
            }
            let row = &chunk.rows[index];
            if may_be_body && row.bits.body_kind() == BodyKind::Value {
                least.value("body", ValueRef::parse(chunk.body(index)), key);
            }
            if !several && least.0.is_none() {
                return Ok(first);
            }
            let state = self.rows.read();
            for id in chunk.attributes(index).iter().filter(|id| **id != INLINE) {
                least.attribute(state.tables.attributes.get(*id), key);
            }
            least.0.map(|text| filling.intern(&text)).transpose()
        })
    }

    fn attribute_value(
        &self,
        known: &mut [Known],
        id: u32,
        key: &str,
        filling: &mut Filling<'_>,
    ) -> Result<Option<u32>> {
        match known.get(id as usize).copied().unwrap_or(Known::Unread) {
            Known::Value(number) => return Ok(Some(number)),
            Known::Nothing => return Ok(None),
            Known::Unread => {}
        }
        let mut least = Least::default();
        least.attribute(self.rows.read().tables.attributes.get(id), key);
        let number = least.0.map(|text| filling.intern(&text)).transpose()?;
        if let Some(place) = known.get_mut(id as usize) {
            *place = number.map_or(Known::Nothing, Known::Value);
        }
        Ok(number)
    }

    /// By what spans hold beside their columns: events and links.
    fn by_rest(
        &self,
        docs: &DocSet,
        filling: &mut Filling<'_>,
        value: impl Fn(&[u8]) -> Option<String>,
    ) -> Result<()> {
        self.each_row(docs, filling, |filling, chunk, index| {
            let rest = if chunk.rows[index].bits.is_span() { chunk.rest(index) } else { &[] };
            if rest.is_empty() { Ok(None) } else { value(rest).map(|text| filling.intern(&text)).transpose() }
        })
    }

    /// By a number that a row holds, each number's value read once.
    fn by_number(
        &self,
        docs: &DocSet,
        filling: &mut Filling<'_>,
        numbers: usize,
        value: impl Fn(&mut Filling<'_>, u32) -> Result<Option<u32>>,
        number: impl Fn(&Chunk, usize) -> Option<u32>,
    ) -> Result<()> {
        let mut known = vec![Known::Unread; numbers];
        self.each_row(docs, filling, |filling, chunk, index| {
            let Some(number) = number(chunk, index) else { return Ok(None) };
            // The tables may have grown since the view was taken, the view's rows not.
            let Some(place) = known.get_mut(number as usize) else { return Ok(None) };
            if let Known::Unread = place {
                *place = value(filling, number)?.map_or(Known::Nothing, Known::Value);
            }
            Ok(if let Known::Value(number) = place { Some(*number) } else { None })
        })
    }

    /// Gives each of `docs` that has no value yet the one that `value` says.
    fn each_row(
        &self,
        docs: &DocSet,
        filling: &mut Filling<'_>,
        mut value: impl FnMut(&mut Filling<'_>, &Chunk, usize) -> Result<Option<u32>>,
    ) -> Result<()> {
        for (seen, ordinal) in docs.iter().enumerate() {
            if seen % ROWS_PER_CHECK == 0 {
                filling.check()?;
            }
            if filling.has(ordinal) {
                continue;
            }
            if let Some((chunk, index)) = self.row(ordinal)
                && let Some(number) = value(filling, chunk, index)?
            {
                filling.offer(ordinal, number);
            }
        }
        Ok(())
    }
}
