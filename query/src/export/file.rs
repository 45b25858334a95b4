//! Records to the bytes of a file, whatever its format.

use spoor_store::model::{Record, Signal};

use super::columns::Columns;
use super::row_groups::RowGroups;
use super::{ExportFormat, table};
use crate::error::Result;
use crate::json::record::RecordJson;
use crate::otlp::{self, OtlpDocument};
use crate::owners::Owners;

/// A file that is being written.
pub(super) enum File {
    Ndjson(Owners),
    OtlpJson,
    Csv { columns: Columns, has_header: bool },
    Parquet(Box<RowGroups>),
}

impl File {
    pub(super) fn new(format: ExportFormat, columns: Columns, owners: Owners) -> Result<Self> {
        Ok(match format {
            ExportFormat::Ndjson => Self::Ndjson(owners),
            ExportFormat::OtlpJson => Self::OtlpJson,
            ExportFormat::Csv => Self::Csv { columns, has_header: false },
            ExportFormat::Parquet => Self::Parquet(Box::new(RowGroups::new(columns)?)),
        })
    }

    /// Adds records; what is ready goes to the end of `out`.
    pub(super) fn add(&mut self, records: &[Record], out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Ndjson(owners) => {
                for record in records {
                    serde_json::to_writer(
                        &mut *out,
                        &RecordJson { record, owner: owners.of(&record.stream) },
                    )?;
                    out.push(b'\n');
                }
            }
            Self::OtlpJson => {
                // A line is a request of one signal, as it would be sent.
                for signal in [Signal::Spans, Signal::Logs] {
                    let document = otlp::to_document(records.iter().filter(|record| record.signal == signal));
                    if document != OtlpDocument::default() {
                        serde_json::to_writer(&mut *out, &document)?;
                        out.push(b'\n');
                    }
                }
            }
            Self::Csv { columns, has_header } => {
                table::write(columns, !std::mem::replace(has_header, true), records, out)?;
            }
            Self::Parquet(groups) => groups.add(records, out)?,
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Ndjson(_) | Self::OtlpJson => Ok(()),
            Self::Csv { .. } => self.add(&[], out),
            Self::Parquet(groups) => groups.finish(out),
        }
    }
}
