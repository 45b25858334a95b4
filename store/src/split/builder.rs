//! Sealed hot rows → the bytes of a split.

use super::block::BlockEncoder;
use super::file::FileWriter;
use super::{dictionary, filter, postings, spans, streams};
use crate::columns::pack_block;
use crate::columns::scan::Counts;
use crate::error::Result;
use crate::hot::rows::State;
use crate::hot::tables::Tables;
use crate::index::term;
use crate::model::value::flatten;
use crate::model::{Stream, TimeRange, TraceId};
use crate::rollup::{Summary, codec};

/// A finished split, not yet in a file.
pub(crate) struct BuiltSplit {
    /// The whole file.
    pub(crate) bytes: Vec<u8>,
    /// Records in it.
    pub(crate) records: u32,
    /// Of them, spans.
    pub(crate) spans: u32,
    /// Times of its records.
    pub(crate) times: TimeRange,
}

/// Builds the split of `state`, of whose spans `rollup` tells; `None` when there are no rows.
pub(crate) fn build(state: &State, rollup: &Summary) -> Result<Option<BuiltSplit>> {
    let Some(times) = state.times else { return Ok(None) };
    let mut file = FileWriter::with_capacity(state.memory());
    let tables = &state.tables;
    let internal = |error: std::io::Error| tantivy::TantivyError::from(error);

    let mut columns = Vec::new();
    let mut column_ends: Vec<u32> = Vec::new();
    let mut block_ends = Vec::new();
    let mut encoder = BlockEncoder::new().map_err(internal)?;
    let blocks = |out: &mut Vec<u8>| {
        let start = out.len();
        for chunk in state.chunks() {
            pack_block(&chunk.rows, &mut columns);
            column_ends.push(columns.len() as u32);
            encoder.encode(chunk, out)?;
            block_ends.extend_from_slice(&((out.len() - start) as u64).to_le_bytes());
        }
        Ok(())
    };
    file.section_by("blocks", blocks).map_err(internal)?;
    file.section("block_ends", &block_ends);
    for end in &column_ends {
        columns.extend_from_slice(&end.to_le_bytes());
    }
    columns.extend_from_slice(&(column_ends.len() as u32).to_le_bytes());
    file.section("columns", &columns);
    drop(columns);

    for (name, dictionary) in [
        ("attributes", &tables.attributes),
        ("names", &tables.names),
        ("severity_texts", &tables.severity_texts),
        ("correlations", &tables.correlations),
    ] {
        let section = dictionary::write(dictionary.iter().map(|(_, item)| item)).map_err(internal)?;
        file.section(name, &section);
    }
    file.section("filter", &filter::write(ids(tables).iter().map(Vec::as_slice)));
    file.section("traces", tables.traces.as_flattened());
    file.section("spans", &spans::write(&tables.spans.ids, &tables.spans.first_rows));
    file.section("streams", &streams::write(&tables.streams, &stream_counts(state)).map_err(internal)?);
    file.section("rollup", &codec::write(rollup).map_err(internal)?);
    file.section("rollup_totals", &codec::write(&codec::totals(rollup)).map_err(internal)?);
    for (path, bytes) in postings::write(state)? {
        file.section(&format!("index/{}", path.display()), &bytes);
    }
    Ok(Some(BuiltSplit { bytes: file.finish(), records: state.len(), spans: state.spans, times }))
}

fn stream_counts(state: &State) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); state.tables.streams.len()];
    for row in state.chunks().flat_map(|chunk| &chunk.rows) {
        let count = &mut counts[row.stream as usize];
        count.spans += u64::from(row.bits.is_span());
        count.logs += u64::from(!row.bits.is_span());
        count.errors += u64::from(row.bits.is_error(row.severity_or_kind));
    }
    counts
}

/// Every term that may be asked for whole, but for names, which nearly every split has; and the part of correlation
/// terms that any key is asked by.
fn ids(tables: &Tables) -> Vec<Vec<u8>> {
    let traces = tables.traces.iter().filter_map(|id| TraceId::from_bytes(id));
    let mut ids: Vec<Vec<u8>> = traces.map(|id| term::trace(term::TRACE, &id).to_vec()).collect();
    ids.extend(tables.terms.iter().map(|(_, bytes)| bytes.to_vec()));
    for (_, correlation) in tables.correlations.iter() {
        if let Some((_, value)) = term::split_correlation(correlation) {
            let mut any_key = Vec::new();
            term::correlation_prefix(&mut any_key, value);
            ids.push(any_key);
        }
        ids.push(correlation.to_vec());
    }
    tables.streams.iter().for_each(|stream| stream_ids(stream, &mut ids));
    ids
}

fn stream_ids(stream: &Stream, ids: &mut Vec<Vec<u8>>) {
    let mut add = |key: &str, text: &str| {
        let mut id = Vec::new();
        term::stream_attribute(&mut id, key, text);
        ids.push(id);
    };
    add("service.name", &stream.service);
    for attribute in stream.resource_attributes().chain(stream.scope_attributes()) {
        flatten(attribute.key, attribute.value, &mut add);
    }
}
