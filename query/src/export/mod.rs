//! All selected records as a file, made piece by piece as its reader takes it.
//!
//! | module | owns |
//! |---|---|
//! | `places` | how many exports run at once; which one gives way |
//! | `stream` | the pieces: which records come next, and the turn each piece takes |
//! | `columns` | the columns of tables, and what a record has in each |
//! | [`file`] | records → bytes of the format asked for |
//! | `table` | CSV |
//! | `row_groups` | Parquet |
//!
//! `docs/decisions/056-exports-are-pulled.md` says why it is so.

mod columns;
mod file;
pub(crate) mod places;
mod row_groups;
mod stream;
mod table;

use std::collections::VecDeque;

use spoor_store::leaf::{Budget, DocSet, Leaf};

pub use stream::Export;

use self::columns::Columns;
use self::file::File;
use self::stream::Work;
use crate::engine::{Engine, Selection};
use crate::error::Result;
use crate::plan::prune::{prune, within};
use crate::stats::Names;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A record a line, as the API shows it.
    Ndjson,
    /// An OTLP request of one signal a line, as the OpenTelemetry Collector's file exporter writes them.
    OtlpJson,
    /// RFC 4180, with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// What is exported.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// Which records.
    pub selection: Selection,
    /// How they are written.
    pub format: ExportFormat,
    /// Columns of a table; none stands for the usual ones.
    pub columns: Names,
    /// Most records; `None` is all.
    pub limit: Option<u64>,
}

impl Engine {
    /// Begins an export: finds and counts the records. Its pieces are made as they are asked for.
    ///
    /// Records come leaf by leaf, the leaf with the oldest record first, and within a leaf as they arrived.
    ///
    /// # Errors
    /// [`crate::Error::Busy`] when as many exports run as may, [`crate::Error::Syntax`] for a column that is none, and what
    /// any query can meet.
    pub async fn export(&self, request: ExportRequest) -> Result<Export> {
        let ExportRequest { selection, format, columns, limit } = request;
        let columns = Columns::resolve(self, &columns)?;
        let file = File::new(format, columns, self.owners().clone())?;
        let place = self.exports().take()?;
        let tenant = selection.tenant.clone();
        let turn = self.turn(&tenant).await?;
        let mut leaves = prune(&self.snapshot(&selection.tenant), selection.range).leaves;
        leaves.sort_by_key(|leaf| leaf.time_range().map_or(0, |times| times.start));
        let lanes = turn.run.lanes();
        let look = move |leaf: &Leaf, budget: &Budget| -> spoor_store::Result<DocSet> {
            let docs = leaf.select(&within(leaf, &selection.predicate, selection.range), budget)?;
            budget.hold(docs.memory())?;
            Ok(docs)
        };
        let selected = turn.run.each(leaves.clone(), lanes, look).await?;
        let found: u64 = selected.iter().map(|docs| docs.len() as u64).sum();
        let total = limit.map_or(found, |limit| found.min(limit));
        let leaves: VecDeque<(Leaf, DocSet)> =
            leaves.into_iter().zip(selected).filter(|(_, docs)| !docs.is_empty()).collect();
        place.put(Work::new(leaves, file, total));
        Ok(Export::new((self.clone(), tenant), place, total))
    }
}
