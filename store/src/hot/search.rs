//! What a query looks up in hot rows: numbers in the dictionaries first, under a short lock; then a scan for them.

use std::sync::Arc;

use super::chunk::{CHUNK_ROWS, Chunk, HotRow, INLINE, NONE, RowBits};
use super::rows::{HotView, State};
use super::tables::Tables;
use crate::columns::{BLOCK_RECORDS, Columns, Summary, summarise};
use crate::error::Result;
use crate::index::evaluate::Source;
use crate::index::term::Part;
use crate::index::{matching, term};
use crate::leaf::{Budget, DocSet};
use crate::model::batch::BodyKind;
use crate::model::{Record, RecordBody, RecordId, SpanId, Stream, TraceId};
use crate::predicate::Test;
use crate::split::inline_items;

/// Chunks between two looks at the deadline.
const CHUNKS_PER_CHECK: usize = 64;

impl HotView {
    /// A row, as its chunk and its place there.
    pub(crate) fn row(&self, ordinal: u32) -> Option<(&Chunk, usize)> {
        let chunk = self.chunks.get(ordinal as usize / CHUNK_ROWS)?;
        let index = ordinal as usize % CHUNK_ROWS;
        (index < chunk.rows.len()).then_some((chunk.as_ref(), index))
    }

    /// Those of `candidates` for which `holds`.
    fn scan(
        &self,
        candidates: &DocSet,
        budget: &Budget,
        mut holds: impl FnMut(&Chunk, usize) -> bool,
    ) -> Result<DocSet> {
        let mut words = vec![0_u64; (self.len as usize).div_ceil(64)];
        let mut mark = |ordinal: u32| words[ordinal as usize / 64] |= 1 << (ordinal % 64);
        if candidates.is_all() {
            for (number, chunk) in self.chunks.iter().enumerate() {
                if number % CHUNKS_PER_CHECK == 0 {
                    budget.check()?;
                }
                for index in 0..chunk.rows.len() {
                    if holds(chunk, index) {
                        mark((number * CHUNK_ROWS + index) as u32);
                    }
                }
            }
        } else {
            for (seen, ordinal) in candidates.iter().enumerate() {
                if seen % (CHUNKS_PER_CHECK * CHUNK_ROWS) == 0 {
                    budget.check()?;
                }
                if let Some((chunk, index)) = self.row(ordinal)
                    && holds(chunk, index)
                {
                    mark(ordinal);
                }
            }
        }
        Ok(DocSet::from_words(self.len, words))
    }

    /// Rows of a list that the view holds: the tables may have gone on since.
    fn known(&self, rows: impl Iterator<Item = u32>) -> DocSet {
        DocSet::from_ordinals(self.len, rows.filter(|row| *row < self.len).collect())
    }

    /// Which terms begin with `prefix` and have a rest that `accepts`, one flag for each.
    fn terms(state: &State, prefix: &[u8], accepts: impl Fn(&str) -> bool) -> Flags {
        Flags::new(state.tables.terms.len(), |id| {
            let rest = state.tables.terms.get(id).strip_prefix(prefix);
            rest.and_then(|rest| std::str::from_utf8(rest).ok()).is_some_and(&accepts)
        })
    }

    /// The records, in the order asked for; an ordinal past the end is left out.
    pub(crate) fn fetch(&self, ordinals: &[u32]) -> Vec<Record> {
        let state = self.rows.read();
        ordinals.iter().filter_map(|ordinal| self.record(&state, *ordinal)).collect()
    }

    /// The trace of each of `docs`, repeated as often as it occurs.
    pub(crate) fn traces(&self, docs: &DocSet) -> Vec<TraceId> {
        let state = self.rows.read();
        let numbers =
            docs.iter().filter_map(|ordinal| self.row(ordinal)).map(|(chunk, index)| chunk.rows[index].trace);
        numbers.filter(|number| *number != NONE).filter_map(|number| trace_id(&state, number)).collect()
    }

    /// The trace of each of `ordinals`, in their order.
    pub(crate) fn trace_of_each(&self, ordinals: &[u32]) -> Vec<Option<TraceId>> {
        let state = self.rows.read();
        let number =
            |ordinal: &u32| self.row(*ordinal).map_or(NONE, |(chunk, index)| chunk.rows[index].trace);
        ordinals.iter().map(|ordinal| trace_id(&state, number(ordinal))).collect()
    }

    /// Correlation keys under which `id` stands.
    pub(crate) fn correlation_keys(&self, id: &str) -> Vec<String> {
        let state = self.rows.read();
        let mut prefix = Vec::new();
        term::correlation_prefix(&mut prefix, id);
        let keys = state.tables.correlations.iter().filter_map(|(number, bytes)| {
            let visible =
                state.tables.correlation_rows[number as usize].first().is_some_and(|row| *row < self.len);
            bytes.strip_prefix(prefix.as_slice()).filter(|_| visible)
        });
        keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    fn record(&self, state: &State, ordinal: u32) -> Option<Record> {
        let (chunk, index) = self.row(ordinal)?;
        let row = &chunk.rows[index];
        let tables = &state.tables;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let span = |number: u32| tables.spans.ids.get(number as usize).and_then(|id| SpanId::from_bytes(id));
        let mut inline = inline_items(chunk.inline(index));
        let attributes = chunk.attributes(index).iter().map(|id| {
            if *id == INLINE {
                inline.next().unwrap_or_default().to_vec()
            } else {
                tables.attributes.get(*id).to_vec()
            }
        });
        Some(Record {
            id: RecordId { split: self.rows.id, ordinal },
            signal: row.bits.signal(),
            stream: Arc::clone(&tables.streams[row.stream as usize]),
            time: row.time,
            time_is_set: row.bits.time_is_set(),
            end_or_observed: row.end_or_observed,
            severity_or_kind: row.severity_or_kind,
            status: row.bits.status(),
            status_is_set: row.bits.status_is_set(),
            flags: row.flags,
            trace_id: trace_id(state, row.trace),
            span_id: span(row.span),
            parent_span_id: span(row.parent),
            name: text(tables.names.get(row.name)),
            severity_text: text(tables.severity_texts.get(row.severity_text)),
            body: match row.bits.body_kind() {
                BodyKind::None => RecordBody::None,
                BodyKind::Text => RecordBody::Text(text(chunk.body(index))),
                BodyKind::Value => RecordBody::Value(chunk.body(index).to_vec()),
            },
            attributes: attributes.collect(),
            correlations: chunk
                .correlations(index)
                .iter()
                .filter_map(|id| term::split_correlation(tables.correlations.get(*id)))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            rest: chunk.rest(index).to_vec(),
        })
    }
}

fn trace_id(state: &State, number: u32) -> Option<TraceId> {
    state.tables.traces.get(number as usize).and_then(|id| TraceId::from_bytes(id))
}

/// One flag for each number of a dictionary.
struct Flags(Vec<bool>);

impl Flags {
    fn new(len: usize, flag: impl Fn(u32) -> bool) -> Self {
        Self((0..len as u32).map(flag).collect())
    }

    /// Whether `id` is flagged; ids given out since are not.
    fn has(&self, id: u32) -> bool {
        self.0.get(id as usize).copied().unwrap_or(false)
    }

    fn any(&self) -> bool {
        self.0.contains(&true)
    }
}

/// Whether the numbers `wanted` stand in a row somewhere in `tokens`.
fn has_phrase(tokens: &[u32], wanted: &[u32]) -> bool {
    if let [only] = wanted {
        tokens.contains(only)
    } else {
        tokens.windows(wanted.len()).any(|window| window == wanted)
    }
}

impl Source for HotView {
    fn columns(&self) -> &dyn Columns {
        self
    }

    fn streams(&self) -> Vec<Arc<Stream>> {
        self.rows.read().tables.streams.clone()
    }

    fn may_have_stream_attribute(&self, _key: &str, _text: &str) -> bool {
        true
    }

    fn phrase(&self, tokens: &[String], candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let (wanted, names) = {
            let state = self.rows.read();
            let tables = &state.tables;
            let find =
                |token: &String| tables.tokens.find(tables.hasher.hash(token.as_bytes()), token.as_bytes());
            let Some(wanted) = tokens.iter().map(find).collect::<Option<Vec<u32>>>() else {
                return Ok(DocSet::none(self.len));
            };
            let names = Flags::new(tables.names.len(), |name| has_phrase(tables.name_tokens(name), &wanted));
            (wanted, names)
        };
        self.scan(candidates, budget, |chunk, index| {
            let row = &chunk.rows[index];
            if row.bits.is_span() { names.has(row.name) } else { has_phrase(chunk.tokens(index), &wanted) }
        })
    }

    fn token_prefix(&self, prefix: &str, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let (wanted, names) = {
            let state = self.rows.read();
            let tables = &state.tables;
            let wanted =
                Flags::new(tables.tokens.len(), |id| tables.tokens.get(id).starts_with(prefix.as_bytes()));
            let has = |name: u32| tables.name_tokens(name).iter().any(|token| wanted.has(*token));
            let names = Flags::new(tables.names.len(), has);
            (wanted, names)
        };
        self.scan(candidates, budget, |chunk, index| {
            let row = &chunk.rows[index];
            let tokens = || chunk.tokens(index).iter().any(|token| wanted.has(*token));
            if row.bits.is_span() { names.has(row.name) } else { tokens() }
        })
    }

    fn body(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        budget.scan(candidates.len())?;
        self.scan(candidates, budget, |chunk, index| {
            matching::body(chunk.rows[index].bits.body_kind(), chunk.body(index), test)
        })
    }

    fn trace(&self, id: &TraceId) -> Result<DocSet> {
        let state = self.rows.read();
        let mut rows = Vec::new();
        let mut next =
            state.tables.find_trace(id).map_or(NONE, |number| state.tables.trace_last[number as usize]);
        while next != NONE {
            rows.push(next);
            next = match self.row(next) {
                Some((chunk, index)) => chunk.rows[index].trace_previous,
                None => state.row(next).map_or(NONE, |row| row.trace_previous),
            };
        }
        Ok(self.known(rows.into_iter()))
    }

    fn link(&self, id: &TraceId) -> Result<DocSet> {
        let state = self.rows.read();
        let bytes = term::trace(term::LINK, id);
        let number = state.tables.terms.find(state.tables.hasher.hash(&bytes), &bytes);
        let rows = number.and_then(|number| state.tables.link_rows.get(&number));
        Ok(self.known(rows.into_iter().flatten().copied()))
    }

    fn span(&self, id: &SpanId, _budget: &Budget) -> Result<DocSet> {
        let named: Vec<u32> = {
            let state = self.rows.read();
            state.tables.spans.find_all(id).collect()
        };
        let mut rows = Vec::new();
        for number in named {
            let trace = {
                let state = self.rows.read();
                trace_id(&state, state.tables.spans.traces[number as usize])
            };
            let docs = match trace {
                Some(trace) => Source::trace(self, &trace)?,
                None => DocSet::all(self.len),
            };
            rows.extend(docs.iter().filter(|ordinal| {
                self.row(*ordinal).is_some_and(|(chunk, index)| chunk.rows[index].span == number)
            }));
        }
        Ok(self.known(rows.into_iter()))
    }

    fn correlation(&self, key: Option<&str>, test: &Test, _budget: &Budget) -> Result<DocSet> {
        let state = self.rows.read();
        let tables = &state.tables;
        if let (Some(key), Test::Equals(value)) = (key, test) {
            let mut bytes = Vec::new();
            term::correlation(&mut bytes, key, value);
            let number = tables.correlations.find(tables.hasher.hash(&bytes), &bytes);
            return Ok(self.known(
                number.into_iter().flat_map(|number| &tables.correlation_rows[number as usize]).copied(),
            ));
        }
        let numbers = tables.correlations.iter().filter(|(_, bytes)| {
            term::split_correlation(bytes)
                .is_some_and(|(found, value)| key.is_none_or(|key| key == found) && test.accepts(value))
        });
        Ok(self.known(numbers.flat_map(|(number, _)| &tables.correlation_rows[number as usize]).copied()))
    }

    fn record_attribute(
        &self,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet> {
        let (interned, has_inline, terms) = {
            let state = self.rows.read();
            let interned = interned_attributes(&state, key, test);
            let mut prefix = Vec::new();
            term::key_prefix(&mut prefix, term::ATTRIBUTE, key);
            // Only structured bodies give a row attribute terms of its own.
            let terms =
                key.starts_with("body.").then(|| Self::terms(&state, &prefix, |text| test.accepts(text)));
            (interned, state.tables.has_inline(key), terms.filter(Flags::any))
        };
        if !interned.any() && !has_inline && terms.is_none() {
            return Ok(DocSet::none(self.len));
        }
        self.scan(candidates, budget, |chunk, index| {
            chunk.attributes(index).iter().any(|id| *id != INLINE && interned.has(*id))
                || inline_items(chunk.inline(index))
                    .any(|key_value| matching::attribute(key_value, key, test))
                || terms.as_ref().is_some_and(|terms| chunk.terms(index).iter().any(|id| terms.has(*id)))
        })
    }

    fn part_attribute(
        &self,
        part: Part,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet> {
        let Some(wanted) = part_terms(&self.rows.read().tables, part, key, test) else {
            return Ok(DocSet::none(self.len));
        };
        self.scan(candidates, budget, |chunk, index| {
            chunk.terms(index).iter().any(|id| wanted.has(*id))
                && matching::part_attribute(chunk.rest(index), part, key, test)
        })
    }

    fn name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let names = {
            let state = self.rows.read();
            Flags::new(state.tables.names.len(), |id| {
                let name = std::str::from_utf8(state.tables.names.get(id)).unwrap_or_default();
                !name.is_empty() && test.accepts(name)
            })
        };
        self.scan(candidates, budget, |chunk, index| names.has(chunk.rows[index].name))
    }

    fn event_name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let events = Self::terms(&self.rows.read(), &[term::EVENT], |_| true);
        if !events.any() {
            return Ok(DocSet::none(self.len));
        }
        self.scan(candidates, budget, |chunk, index| {
            chunk.terms(index).iter().any(|id| events.has(*id))
                && matching::event_name(chunk.rest(index), test)
        })
    }
}

/// Which interned attributes have a scalar at `key` that `test` accepts.
fn interned_attributes(state: &State, key: &str, test: &Test) -> Flags {
    let tables = &state.tables;
    let Test::Equals(text) = test else {
        return Flags::new(tables.attributes.len(), |id| {
            matching::attribute(tables.attributes.get(id), key, test)
        });
    };
    let mut bytes = Vec::new();
    term::attribute(&mut bytes, key, text);
    match tables.terms.find(tables.hasher.hash(&bytes), &bytes) {
        Some(number) => Flags::new(tables.attributes.len(), |id| {
            // A term by bucket says too little, so the value itself is asked too.
            tables.attribute_terms(id).contains(&number)
                && matching::attribute(tables.attributes.get(id), key, test)
        }),
        None => Flags(Vec::new()),
    }
}

/// Which terms an attribute of an event or a link may have that `test` accepts at `key`; `None` when there is none.
fn part_terms(tables: &Tables, part: Part, key: &str, test: &Test) -> Option<Flags> {
    let mut bytes = Vec::new();
    let with_key = match test {
        Test::Equals(text) => {
            term::part_attribute(&mut bytes, part, key, text);
            vec![tables.terms.find(tables.hasher.hash(&bytes), &bytes)?]
        }
        _ => {
            term::key_prefix(&mut bytes, part.tag(), key);
            tables.part_terms.get(bytes.as_slice())?.clone()
        }
    };
    let mut flags = vec![false; tables.terms.len()];
    for id in with_key {
        flags[id as usize] = true;
    }
    Some(Flags(flags))
}

impl HotView {
    fn fill<T>(&self, block: usize, out: &mut [T; BLOCK_RECORDS], value: impl Fn(&HotRow) -> T) {
        for (place, row) in out.iter_mut().zip(&self.chunks[block].rows) {
            *place = value(row);
        }
    }
}

impl Columns for HotView {
    fn records(&self) -> u32 {
        self.len
    }

    fn summary(&self, block: usize) -> Summary {
        summarise(&self.chunks[block].rows)
    }

    fn times(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        self.fill(block, out, |row| row.time);
    }

    fn durations(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        self.fill(block, out, HotRow::duration);
    }

    fn streams(&self, block: usize, out: &mut [u32; BLOCK_RECORDS]) {
        self.fill(block, out, |row| row.stream);
    }

    fn kinds(&self, block: usize, out: &mut [u8; BLOCK_RECORDS]) {
        self.fill(block, out, |row| row.severity_or_kind);
    }

    fn bits(&self, block: usize, out: &mut [RowBits; BLOCK_RECORDS]) {
        self.fill(block, out, |row| row.bits);
    }
}
