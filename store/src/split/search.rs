//! What a query looks up in a split: terms and postings of its index, verified on records where a term says too
//! little.

use std::sync::Arc;

use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::query::{EnableScoring, PhraseQuery, Query as _};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, TERMINATED, Term};

use super::index;
use super::reader::SplitReader;
use crate::columns::{BLOCK_RECORDS, Columns};
use crate::error::{Error, Result};
use crate::hot::chunk::RowBits;
use crate::index::evaluate::Source;
use crate::index::term::Part;
use crate::index::{matching, term};
use crate::leaf::field_names::name_in;
use crate::leaf::{Budget, DocSet};
use crate::model::{SpanId, Stream, TraceId};
use crate::predicate::Test;

/// Most terms that one condition may stand for in one split.
const TERMS_MAX: usize = 200_000;

/// Most records that one condition may have to read in one split.
const VERIFIED_MAX: usize = 100_000;

/// Terms, or hits of a phrase, between two looks at the deadline.
const TERMS_PER_CHECK: usize = 1_024;

impl SplitReader {
    pub(super) fn too_costly(what: &str) -> Error {
        Error::TooCostly { reason: format!("{what}; narrow the time range or add a condition") }
    }

    /// Records that have the exact term, which the filter does not know.
    fn unfiltered_term(&self, bytes: &[u8]) -> Result<DocSet> {
        let found = self.exact.terms().get(bytes).map_err(tantivy::TantivyError::from)?;
        postings(&self.exact, found.iter(), self.records())
    }

    /// Records that have the exact term.
    pub(super) fn exact_term(&self, bytes: &[u8]) -> Result<DocSet> {
        if self.filter.may_have(bytes) {
            self.unfiltered_term(bytes)
        } else {
            Ok(DocSet::none(self.records()))
        }
    }

    /// Calls `visit` for the exact terms that begin with `prefix`, without it, until it says stop.
    pub(super) fn exact_terms(
        &self,
        prefix: &[u8],
        budget: &Budget,
        visit: &mut dyn FnMut(&[u8], &TermInfo) -> Result<()>,
    ) -> Result<()> {
        each_term(&self.exact, prefix, budget, visit)
    }

    /// Records with an exact term under `prefix` whose remainder, as text, satisfies `accepts`.
    fn exact_prefix(&self, prefix: &[u8], budget: &Budget, accepts: &dyn Fn(&str) -> bool) -> Result<DocSet> {
        let mut found = Vec::new();
        self.exact_terms(prefix, budget, &mut |rest, info| {
            if std::str::from_utf8(rest).is_ok_and(accepts) {
                found.push(info.clone());
            }
            if found.len() > TERMS_MAX {
                Err(Self::too_costly("the condition matches too many values"))
            } else {
                Ok(())
            }
        })?;
        postings(&self.exact, found.iter(), self.records())
    }

    /// Those of `docs` that hold on their records.
    fn verified(
        &self,
        docs: DocSet,
        budget: &Budget,
        holds: &dyn Fn(&crate::model::Record) -> bool,
    ) -> Result<DocSet> {
        if docs.len() > VERIFIED_MAX {
            return Err(Self::too_costly("the condition would read too many records"));
        }
        let ordinals: Vec<u32> = docs.iter().collect();
        let mut kept = Vec::new();
        for some in ordinals.chunks(BLOCK_RECORDS) {
            let records = self.fetch(some, budget)?;
            kept.extend(records.iter().filter(|record| holds(record)).map(|record| record.id.ordinal));
        }
        Ok(DocSet::from_ordinals(self.records(), kept))
    }

    /// Texts under a tag that may be cut: exact for short ones, verified for cut ones.
    fn tagged(
        &self,
        tag: u8,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
        holds: &dyn Fn(&crate::model::Record) -> bool,
    ) -> Result<DocSet> {
        if let Test::Equals(text) = test {
            let mut bytes = Vec::new();
            term::tagged(&mut bytes, tag, text);
            let found =
                if tag == term::NAME { self.unfiltered_term(&bytes)? } else { self.exact_term(&bytes)? };
            let found = found.and(candidates);
            return if may_be_cut(text) { self.verified(found, budget, holds) } else { Ok(found) };
        }
        let whole = self.exact_prefix(&[tag], budget, &|text| !may_be_cut(text) && test.accepts(text))?;
        let cut = self.exact_prefix(&[tag], budget, &may_be_cut)?;
        let cut = self.verified(cut.and(candidates), budget, holds)?;
        Ok(whole.and(candidates).or(&cut))
    }
}

/// A text this long may be the beginning of a longer one, cut at a character's border.
pub(super) fn may_be_cut(text: &str) -> bool {
    text.len() > term::VALUE_BYTES_MAX - 4
}

/// The union of postings lists.
pub(super) fn postings<'a>(
    index: &InvertedIndexReader,
    terms: impl Iterator<Item = &'a TermInfo>,
    records: u32,
) -> Result<DocSet> {
    let terms: Vec<&TermInfo> = terms.collect();
    let total: usize = terms.iter().map(|info| info.doc_freq as usize).sum();
    let few = total <= records as usize / 32 + 16;
    let mut ordinals = Vec::with_capacity(if few { total } else { 0 });
    let mut words = vec![0_u64; if few { 0 } else { (records as usize).div_ceil(64) }];
    for info in terms {
        let mut blocks = index
            .read_block_postings_from_terminfo(info, IndexRecordOption::Basic)
            .map_err(tantivy::TantivyError::from)?;
        while blocks.block_len() > 0 {
            let docs = &blocks.docs()[..blocks.block_len()];
            if few {
                ordinals.extend_from_slice(docs);
            } else {
                for doc in docs.iter().filter(|doc| **doc < records) {
                    words[*doc as usize / 64] |= 1 << (doc % 64);
                }
            }
            blocks.advance();
        }
    }
    Ok(if few { DocSet::from_ordinals(records, ordinals) } else { DocSet::from_words(records, words) })
}

fn each_term(
    index: &InvertedIndexReader,
    prefix: &[u8],
    budget: &Budget,
    visit: &mut dyn FnMut(&[u8], &TermInfo) -> Result<()>,
) -> Result<()> {
    let mut range = index.terms().range().ge(prefix);
    if let Some(after) = after_prefix(prefix) {
        range = range.lt(after);
    }
    let mut stream = range.into_stream().map_err(tantivy::TantivyError::from)?;
    let mut seen = 0;
    while stream.advance() {
        if seen % TERMS_PER_CHECK == 0 {
            budget.check()?;
        }
        seen += 1;
        if let Some(rest) = stream.key().strip_prefix(prefix) {
            visit(rest, stream.value())?;
        }
    }
    Ok(())
}

/// Calls `visit(name, terms)` for the field names under `tag` that begin with `prefix`, seeking from one to the next.
pub(super) fn each_name(
    index: &InvertedIndexReader,
    tag: u8,
    prefix: &str,
    budget: &Budget,
    visit: &mut dyn FnMut(&[u8], u64) -> Result<()>,
) -> Result<()> {
    let mut from = vec![tag];
    from.extend_from_slice(prefix.as_bytes());
    let mut open: Option<(Vec<u8>, u64)> = None;
    loop {
        budget.check()?;
        let stream = index.terms().range().ge(&from).into_stream();
        let mut stream = stream.map_err(tantivy::TantivyError::from)?;
        let has_more = stream.advance();
        let at = if has_more { stream.term_ord() } else { index.terms().num_terms() as u64 };
        if let Some((name, first)) = open.take() {
            visit(&name, at.saturating_sub(first))?;
        }
        let found = has_more.then(|| name_in(stream.key())).flatten();
        let Some((_, name)) =
            found.filter(|(tag_found, name)| *tag_found == tag && name.starts_with(prefix.as_bytes()))
        else {
            return Ok(());
        };
        // A name ends in the byte 0, which no name holds: whatever comes after its values sorts at or after 1.
        from.truncate(1);
        from.extend_from_slice(name);
        from.push(1);
        open = Some((name.to_vec(), at));
    }
}

/// The first byte string after all that begin with `prefix`.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut after = prefix[..=last].to_vec();
    after[last] += 1;
    Some(after)
}

impl Source for SplitReader {
    fn columns(&self) -> &dyn Columns {
        &self.columns
    }

    fn streams(&self) -> Vec<Arc<Stream>> {
        self.streams.iter().map(|(stream, _)| Arc::clone(stream)).collect()
    }

    fn may_have_stream_attribute(&self, key: &str, text: &str) -> bool {
        let mut bytes = Vec::new();
        term::stream_attribute(&mut bytes, key, text);
        self.filter.may_have(&bytes)
    }

    fn phrase(&self, tokens: &[String], candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        if let [token] = tokens {
            let found = self.text.terms().get(token.as_bytes()).map_err(tantivy::TantivyError::from)?;
            return Ok(postings(&self.text, found.iter(), self.records())?.and(candidates));
        }
        let (schema, fields) = index::schema();
        let query =
            PhraseQuery::new(tokens.iter().map(|token| Term::from_field_text(fields.text, token)).collect());
        let weight = query.weight(EnableScoring::disabled_from_schema(&schema))?;
        let mut scorer = weight.scorer(&self.segment, 1.0)?;
        let mut ordinals = Vec::new();
        while scorer.doc() != TERMINATED {
            if ordinals.len() % TERMS_PER_CHECK == 0 {
                budget.check()?;
            }
            ordinals.push(scorer.doc());
            scorer.advance();
        }
        Ok(DocSet::from_ordinals(self.records(), ordinals).and(candidates))
    }

    fn token_prefix(&self, prefix: &str, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let mut found = Vec::new();
        each_term(&self.text, prefix.as_bytes(), budget, &mut |_, info| {
            found.push(info.clone());
            if found.len() > TERMS_MAX {
                Err(Self::too_costly("the prefix matches too many words"))
            } else {
                Ok(())
            }
        })?;
        Ok(postings(&self.text, found.iter(), self.records())?.and(candidates))
    }

    fn body(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        budget.scan(candidates.len())?;
        let mut kept = Vec::new();
        let candidates: Vec<u32> = candidates.iter().collect();
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        for same in candidates.chunk_by(|a, b| *a as usize / BLOCK_RECORDS == *b as usize / BLOCK_RECORDS) {
            budget.check()?;
            let number = same[0] as usize / BLOCK_RECORDS;
            let block = self.block(number)?;
            let rows = self.rows_up_to(&block, same);
            self.columns.bits(number, &mut bits);
            let holds = |ordinal: &u32| {
                let index = *ordinal as usize % BLOCK_RECORDS;
                rows.get(index)
                    .is_some_and(|row| matching::body(bits[index].body_kind(), block.body(row), test))
            };
            kept.extend(same.iter().copied().filter(holds));
        }
        Ok(DocSet::from_ordinals(self.records(), kept))
    }

    fn trace(&self, id: &TraceId) -> Result<DocSet> {
        self.exact_term(&term::trace(term::TRACE, id))
    }

    fn link(&self, id: &TraceId) -> Result<DocSet> {
        self.exact_term(&term::trace(term::LINK, id))
    }

    fn span(&self, id: &SpanId, budget: &Budget) -> Result<DocSet> {
        let mut ordinals = Vec::new();
        for number in self.spans.find(id) {
            budget.check()?;
            // Whoever names a span first carries its trace; the trace's records are the only ones to name it.
            let among = self.spans.first_record(number, self.records());
            let mut trace = None;
            for block in *among.start() as usize / BLOCK_RECORDS..=*among.end() as usize / BLOCK_RECORDS {
                let block = self.block(block)?;
                let names = |wanted: Option<u32>| wanted == Some(number);
                if let Some(row) = block.rows().find(|row| names(row.span) || names(row.parent)) {
                    trace = row.trace.and_then(|trace| self.trace(trace));
                    break;
                }
            }
            let docs = match trace {
                Some(trace) => Source::trace(self, &trace)?,
                // Spans without a trace are against the specification: rare enough to look everywhere.
                None => DocSet::all(self.records()),
            };
            let docs: Vec<u32> = docs.iter().collect();
            for same in docs.chunk_by(|a, b| *a as usize / BLOCK_RECORDS == *b as usize / BLOCK_RECORDS) {
                budget.check()?;
                let block = self.block(same[0] as usize / BLOCK_RECORDS)?;
                let rows = self.rows_up_to(&block, same);
                let is_it = |ordinal: &u32| {
                    rows.get(*ordinal as usize % BLOCK_RECORDS).is_some_and(|row| row.span == Some(number))
                };
                ordinals.extend(same.iter().copied().filter(is_it));
            }
        }
        Ok(DocSet::from_ordinals(self.records(), ordinals))
    }

    fn correlation(&self, key: Option<&str>, test: &Test, budget: &Budget) -> Result<DocSet> {
        let mut bytes = Vec::new();
        match (test, key) {
            (Test::Equals(value), Some(key)) => {
                term::correlation(&mut bytes, key, value);
                self.exact_term(&bytes)
            }
            (Test::Equals(value), None) => {
                term::correlation_prefix(&mut bytes, value);
                if !self.filter.may_have(&bytes) {
                    return Ok(DocSet::none(self.records()));
                }
                self.exact_prefix(&bytes, budget, &|_| true)
            }
            _ => self.exact_prefix(&[term::CORRELATION], budget, &|rest| {
                let Some((value, found)) = rest.split_once('\0') else { return false };
                key.is_none_or(|key| key == found) && test.accepts(value)
            }),
        }
    }

    fn record_attribute(
        &self,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet> {
        let holds = |record: &crate::model::Record| {
            record.attributes.iter().any(|key_value| matching::attribute(key_value, key, test))
        };
        let mut buckets = Vec::new();
        let whole = match test {
            Test::Equals(text) => {
                term::bucket(&mut buckets, key, text);
                let mut bytes = Vec::new();
                term::attribute(&mut bytes, key, text);
                if bytes == buckets { DocSet::none(self.records()) } else { self.exact_term(&bytes)? }
            }
            _ => {
                term::key_prefix(&mut buckets, term::BUCKET, key);
                let mut prefix = Vec::new();
                term::key_prefix(&mut prefix, term::ATTRIBUTE, key);
                self.exact_prefix(&prefix, budget, &|text| test.accepts(text))?
            }
        };
        let whole = whole.and(candidates);
        if matches!(test, Test::Equals(_)) && !self.filter.may_have(&buckets) {
            return Ok(whole);
        }
        let mut by_bucket = Vec::new();
        self.exact_terms(&buckets, budget, &mut |_, info| {
            by_bucket.push(info.clone());
            Ok(())
        })?;
        if by_bucket.is_empty() {
            return Ok(whole);
        }
        let by_bucket = postings(&self.exact, by_bucket.iter(), self.records())?.and(candidates);
        let by_bucket =
            if matches!(test, Test::Exists) { by_bucket } else { self.verified(by_bucket, budget, &holds)? };
        Ok(whole.or(&by_bucket))
    }

    fn part_attribute(
        &self,
        part: Part,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet> {
        let holds = |record: &crate::model::Record| matching::part_attribute(&record.rest, part, key, test);
        let mut prefix = Vec::new();
        term::key_prefix(&mut prefix, part.tag(), key);
        if let Test::Equals(text) = test {
            let mut bytes = Vec::new();
            term::part_attribute(&mut bytes, part, key, text);
            let found = self.exact_term(&bytes)?.and(candidates);
            return if may_be_cut(text) { self.verified(found, budget, &holds) } else { Ok(found) };
        }
        if matches!(test, Test::Exists) {
            return Ok(self.exact_prefix(&prefix, budget, &|_| true)?.and(candidates));
        }
        let whole = self.exact_prefix(&prefix, budget, &|text| !may_be_cut(text) && test.accepts(text))?;
        let cut = self.exact_prefix(&prefix, budget, &may_be_cut)?;
        let cut = self.verified(cut.and(candidates), budget, &holds)?;
        Ok(whole.and(candidates).or(&cut))
    }

    fn name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        let holds = |record: &crate::model::Record| !record.name.is_empty() && test.accepts(&record.name);
        if matches!(test, Test::Exists) {
            return Ok(self.exact_prefix(&[term::NAME], budget, &|_| true)?.and(candidates));
        }
        self.tagged(term::NAME, test, candidates, budget, &holds)
    }

    fn event_name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet> {
        self.tagged(term::EVENT, test, candidates, budget, &|record| matching::event_name(&record.rest, test))
    }
}
