//! One value for each record from postings: the terms of a field stand in byte order, so the first that a record is
//! listed under is its value. Records whose terms say too little are read.

use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

use super::reader::SplitReader;
use super::search::{may_be_cut, postings};
use crate::columns::{BLOCK_RECORDS, Columns as _};
use crate::error::Result;
use crate::hot::chunk::RowBits;
use crate::index::term;
use crate::leaf::fields::Filling;
use crate::leaf::{Budget, DocSet, Origin};
use crate::model::TraceId;

/// Most records of one split that are read because their values are too many or too long to be terms.
const READ_MAX: usize = 100_000;

/// A value and the records listed under it.
type Listed = (String, TermInfo);

impl SplitReader {
    /// Gives `docs` their values at an origin that columns do not decide.
    pub(crate) fn fill(&self, docs: &DocSet, origin: &Origin, filling: &mut Filling<'_>) -> Result<()> {
        let budget = filling.budget();
        let mut prefix = Vec::new();
        match origin {
            Origin::Name | Origin::LogName => prefix.push(term::NAME),
            Origin::EventName => prefix.push(term::EVENT),
            Origin::Trace => prefix.push(term::TRACE),
            Origin::Link => prefix.push(term::LINK),
            Origin::Correlation(_) => prefix.push(term::CORRELATION),
            Origin::Attribute(key) => term::key_prefix(&mut prefix, term::ATTRIBUTE, key),
            Origin::EventAttribute(key) => term::key_prefix(&mut prefix, term::EVENT_ATTRIBUTE, key),
            Origin::Signal
            | Origin::Severity
            | Origin::Kind
            | Origin::Status
            | Origin::Root
            | Origin::Stream(_) => return Ok(()),
        }
        let (whole, unsure) = self.listed(&prefix, origin, budget)?;
        if !unsure.is_empty() {
            let unsure = postings(&self.exact, unsure.iter(), self.records())?.and(docs);
            self.read_values(&unsure, origin, filling)?;
        }
        let logs_only = matches!(origin, Origin::LogName).then(|| self.logs(docs)).transpose()?;
        for (number, (text, info)) in whole.iter().enumerate() {
            if number % 1_024 == 0 {
                filling.check()?;
            }
            let value = filling.intern(text)?;
            self.each_posting(info, |doc| {
                if logs_only.as_ref().is_none_or(|logs| logs.contains(doc)) {
                    filling.offer(doc, value);
                }
            })?;
        }
        Ok(())
    }

    /// Values with their records in byte order; and those whose terms may stand for several values.
    fn listed(
        &self,
        prefix: &[u8],
        origin: &Origin,
        budget: &Budget,
    ) -> Result<(Vec<Listed>, Vec<TermInfo>)> {
        let (mut whole, mut unsure) = (Vec::new(), Vec::new());
        let may_cut =
            matches!(origin, Origin::Name | Origin::LogName | Origin::EventName | Origin::EventAttribute(_));
        self.exact_terms(prefix, budget, &mut |rest, info| {
            let text = match origin {
                Origin::Trace | Origin::Link => match TraceId::from_bytes(rest) {
                    Some(id) => id.to_string(),
                    None => return Ok(()),
                },
                Origin::Correlation(key) => match String::from_utf8_lossy(rest).split_once('\0') {
                    Some((value, found)) if found == key => value.to_owned(),
                    _ => return Ok(()),
                },
                _ => String::from_utf8_lossy(rest).into_owned(),
            };
            if may_cut && may_be_cut(&text) {
                unsure.push(info.clone());
            } else if !text.is_empty() || !matches!(origin, Origin::EventName) {
                whole.push((text, info.clone()));
            }
            Ok(())
        })?;
        if let Origin::Attribute(key) = origin {
            let mut buckets = Vec::new();
            term::key_prefix(&mut buckets, term::BUCKET, key);
            self.exact_terms(&buckets, budget, &mut |_, info| {
                unsure.push(info.clone());
                Ok(())
            })?;
        }
        Ok((whole, unsure))
    }

    /// Reads those of `docs` that have no value yet.
    fn read_values(&self, docs: &DocSet, origin: &Origin, filling: &mut Filling<'_>) -> Result<()> {
        let unread: Vec<u32> = docs.iter().filter(|doc| !filling.has(*doc)).collect();
        if unread.len() > READ_MAX {
            let reason = "a field has too many or too long values to be told apart over this many records";
            return Err(Self::too_costly(reason));
        }
        for some in unread.chunks(BLOCK_RECORDS) {
            for record in self.fetch(some, filling.budget())? {
                filling.read(&record, std::slice::from_ref(origin))?;
            }
        }
        Ok(())
    }

    /// The log records among `docs`.
    fn logs(&self, docs: &DocSet) -> Result<DocSet> {
        let mut found = Vec::new();
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        let mut block = None;
        for doc in docs.iter() {
            let at = doc as usize / BLOCK_RECORDS;
            if block != Some(at) {
                self.columns.bits(at, &mut bits);
                block = Some(at);
            }
            if !bits[doc as usize % BLOCK_RECORDS].is_span() {
                found.push(doc);
            }
        }
        Ok(DocSet::from_ordinals(self.records(), found))
    }

    fn each_posting(&self, info: &TermInfo, mut visit: impl FnMut(u32)) -> Result<()> {
        let mut blocks = self
            .exact
            .read_block_postings_from_terminfo(info, IndexRecordOption::Basic)
            .map_err(tantivy::TantivyError::from)?;
        while blocks.block_len() > 0 {
            blocks.docs()[..blocks.block_len()].iter().for_each(|doc| visit(*doc));
            blocks.advance();
        }
        Ok(())
    }
}
