//! Hot rows → the files of one tantivy segment, through tantivy's own serializers.
//!
//! The rows already hold numbers of interned terms, so the postings are made by counting sort: count each term, give
//! each its range, fill in row order. Only distinct terms are sorted and hashed never. (tantivy's `SegmentWriter`
//! hashes every term of every record; measured at 3.1 µs a record against 1.5 here.)

use std::path::PathBuf;

use tantivy::columnar::ColumnarWriter;
use tantivy::directory::{Directory as _, OwnedBytes, RamDirectory, TerminatingWrite as _};
use tantivy::fieldnorm::FieldNormsSerializer;
use tantivy::index::{SegmentComponent, SegmentId};
use tantivy::postings::InvertedIndexSerializer;
use tantivy::{Index, IndexMeta, IndexSettings, Result, TantivyError};

use super::index::schema;
use crate::hot::chunk::{CHUNK_ROWS, Chunk, INLINE, NONE};
use crate::hot::rows::State;
use crate::index::term;
use crate::model::TraceId;

/// The files of the segment, by name.
pub(crate) fn write(state: &State) -> Result<Vec<(PathBuf, OwnedBytes)>> {
    let (schema, fields) = schema();
    let directory = RamDirectory::create();
    let index = Index::create(directory.clone(), schema.clone(), IndexSettings::default())?;
    let meta = index.new_segment_meta(SegmentId::generate_random(), state.len());
    meta.untrack_temp_docstore();
    let segment = index.segment(meta.clone());

    let mut serializer = InvertedIndexSerializer::open(&segment)?;
    let mut exact = serializer.new_field(fields.exact, 0, None)?;
    write_exact(state, &mut exact)?;
    exact.close()?;
    let mut text = serializer.new_field(fields.text, 0, None)?;
    write_text(state, &mut text)?;
    text.close()?;
    serializer.close()?;
    FieldNormsSerializer::from_write(segment.open_write(SegmentComponent::FieldNorms)?)?.close()?;
    let mut fast = segment.open_write(SegmentComponent::FastFields)?;
    ColumnarWriter::default().serialize(state.len(), None, &mut fast)?;
    fast.terminate()?;
    segment.open_write(SegmentComponent::Store)?.terminate()?;
    let index_meta = IndexMeta {
        index_settings: IndexSettings::default(),
        persisted_custom_extensions: Vec::new(),
        segments: vec![meta.clone()],
        schema,
        opstamp: 0,
        payload: None,
    };
    let meta_json =
        serde_json::to_vec(&index_meta).map_err(|error| TantivyError::InternalError(error.to_string()))?;

    let mut files = vec![(PathBuf::from("meta.json"), OwnedBytes::new(meta_json))];
    for component in [
        SegmentComponent::Terms,
        SegmentComponent::Postings,
        SegmentComponent::Positions,
        SegmentComponent::FieldNorms,
        SegmentComponent::FastFields,
        SegmentComponent::Store,
    ] {
        let path = meta.relative_path(component);
        let bytes = directory.open_read(&path)?.read_bytes()?;
        files.push((path, bytes));
    }
    Ok(files)
}

/// Postings by term, made by counting sort: the entries of term `n` are `entries[starts[n]..starts[n + 1]]`.
struct Transposed<T> {
    starts: Vec<u32>,
    entries: Vec<T>,
}

impl<T: Copy + Default> Transposed<T> {
    /// `each(visit)` must call `visit(term, entry)` for the same pairs in the same order both times it is called.
    fn new(terms: usize, each: impl Fn(&mut dyn FnMut(u32, T))) -> Self {
        let mut starts = vec![0_u32; terms + 1];
        each(&mut |term, _| starts[term as usize + 1] += 1);
        for term in 0..terms {
            starts[term + 1] += starts[term];
        }
        let mut next = starts.clone();
        let mut entries = vec![T::default(); starts[terms] as usize];
        each(&mut |term, entry| {
            let place = &mut next[term as usize];
            entries[*place as usize] = entry;
            *place += 1;
        });
        Self { starts, entries }
    }

    fn of(&self, term: u32) -> &[T] {
        let term = term as usize;
        &self.entries[self.starts[term] as usize..self.starts[term + 1] as usize]
    }
}

/// Calls `visit(record, chunk, index)` for every row.
fn each_row(state: &State, mut visit: impl FnMut(u32, &Chunk, usize)) {
    for (number, chunk) in state.chunks().enumerate() {
        for index in 0..chunk.rows.len() {
            visit((number * CHUNK_ROWS + index) as u32, chunk, index);
        }
    }
}

type FieldSerializer<'a> = tantivy::postings::FieldSerializer<'a>;

fn write_exact(state: &State, field: &mut FieldSerializer<'_>) -> Result<()> {
    let tables = &state.tables;
    // One numbering over all kinds of terms: terms, correlations, traces, names.
    let correlations_at = tables.terms.len() as u32;
    let traces_at = correlations_at + tables.correlations.len() as u32;
    let names_at = traces_at + tables.traces.len() as u32;
    let all = names_at as usize + tables.names.len();
    let postings = Transposed::new(all, |visit| {
        each_row(state, |record, chunk, index| {
            let row = &chunk.rows[index];
            for attribute in chunk.attributes(index).iter().filter(|id| **id != INLINE) {
                tables.attribute_terms(*attribute).iter().for_each(|id| visit(*id, record));
            }
            chunk.terms(index).iter().for_each(|id| visit(*id, record));
            chunk.correlations(index).iter().for_each(|id| visit(correlations_at + id, record));
            if row.trace != NONE {
                visit(traces_at + row.trace, record);
            }
            if !tables.names.get(row.name).is_empty() {
                visit(names_at + row.name, record);
            }
        });
    });

    let traces: Vec<[u8; 17]> = tables
        .traces
        .iter()
        .map(|id| TraceId::from_bytes(id).map_or([0; 17], |id| term::trace(term::TRACE, &id)))
        .collect();
    let names: Vec<Vec<u8>> = tables.names.iter().map(|(_, name)| name_term(name)).collect();
    let mut order: Vec<(&[u8], u32)> = Vec::with_capacity(all);
    order.extend(tables.terms.iter().map(|(id, bytes)| (bytes, id)));
    order.extend(tables.correlations.iter().map(|(id, bytes)| (bytes, correlations_at + id)));
    order.extend(traces.iter().enumerate().map(|(number, bytes)| (&bytes[..], traces_at + number as u32)));
    order
        .extend(names.iter().enumerate().map(|(number, bytes)| (bytes.as_slice(), names_at + number as u32)));
    order.sort_unstable();

    let mut at = 0;
    while at < order.len() {
        let bytes = order[at].0;
        // Names that were cut to the same term share it.
        let same = order[at..].iter().take_while(|(other, _)| *other == bytes).count();
        let group = &order[at..at + same];
        at += same;
        if let [(_, only)] = group {
            write_term(field, bytes, postings.of(*only).iter().copied())?;
        } else {
            let mut records: Vec<u32> =
                group.iter().flat_map(|(_, number)| postings.of(*number)).copied().collect();
            records.sort_unstable();
            write_term(field, bytes, records.into_iter())?;
        }
    }
    Ok(())
}

/// A token's place in a record.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    record: u32,
    position: u32,
}

fn write_text(state: &State, field: &mut FieldSerializer<'_>) -> Result<()> {
    let tables = &state.tables;
    let postings = Transposed::new(tables.tokens.len(), |visit| {
        each_row(state, |record, chunk, index| {
            let row = &chunk.rows[index];
            let tokens = if row.bits.is_span() { tables.name_tokens(row.name) } else { chunk.tokens(index) };
            for (position, token) in tokens.iter().enumerate() {
                visit(*token, Position { record, position: position as u32 });
            }
        });
    });
    let mut order: Vec<(&[u8], u32)> = tables.tokens.iter().map(|(id, bytes)| (bytes, id)).collect();
    order.sort_unstable();
    let mut deltas = Vec::new();
    for (bytes, token) in order {
        let places = postings.of(token);
        if places.is_empty() {
            continue;
        }
        field.new_term(bytes, 0, true)?;
        for same_record in places.chunk_by(|a, b| a.record == b.record) {
            deltas.clear();
            let mut last = 0;
            for place in same_record {
                deltas.push(place.position - last);
                last = place.position;
            }
            field.write_doc(same_record[0].record, same_record.len() as u32, &deltas);
        }
        field.close_term()?;
    }
    Ok(())
}

fn name_term(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len() + 1);
    term::tagged(&mut bytes, term::NAME, &String::from_utf8_lossy(name));
    bytes
}

/// Writes one term; `records` is ascending and may repeat.
fn write_term(
    field: &mut FieldSerializer<'_>,
    bytes: &[u8],
    records: impl Iterator<Item = u32>,
) -> Result<()> {
    let mut last = None;
    for record in records {
        if last.is_none() {
            field.new_term_without_freq(bytes)?;
        }
        if last != Some(record) {
            field.write_doc(record, 1, &[]);
            last = Some(record);
        }
    }
    field.close_term()?;
    Ok(())
}
