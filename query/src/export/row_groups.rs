//! Records as Parquet: rows are kept by column until a group of them is written.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use spoor_store::model::Record;

use super::columns::{Cell, Column, ColumnKind, Columns};
use crate::error::{Error, Result};

/// Rows in a group.
const GROUP_ROWS: usize = 65_536;

/// A group ends earlier when its values take this many bytes.
const GROUP_BYTES: usize = 16 << 20;

/// A Parquet file that is being written.
pub(super) struct RowGroups {
    columns: Columns,
    writer: SerializedFileWriter<Vec<u8>>,
    kept: Vec<Kept>,
    rows: usize,
    bytes: usize,
}

/// Values of one column in the group to come.
#[derive(Default)]
struct Kept {
    /// For each row, 1 when it has a value.
    levels: Vec<i16>,
    numbers: Vec<i64>,
    texts: Vec<ByteArray>,
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        Self::Export(Box::new(error))
    }
}

impl RowGroups {
    pub(super) fn new(columns: Columns) -> Result<Self> {
        let fields = columns.columns.iter().map(field).collect::<Result<Vec<TypePtr>>>()?;
        let schema = Type::group_type_builder("record").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_created_by("spoor".to_owned())
            .build();
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
        let kept = columns.columns.iter().map(|_| Kept::default()).collect();
        Ok(Self { columns, writer, kept, rows: 0, bytes: 0 })
    }

    /// Adds records; groups that are full go to the end of `out`.
    pub(super) fn add(&mut self, records: &[Record], out: &mut Vec<u8>) -> Result<()> {
        for record in records {
            for (column, kept) in self.columns.columns.iter().zip(&mut self.kept) {
                self.bytes += kept.add(column.cell(record));
            }
            self.rows += 1;
            if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
                self.end_group(out)?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.rows > 0 {
            self.end_group(out)?;
        }
        self.writer.finish()?;
        self.take(out)
    }

    fn end_group(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for (column, kept) in self.columns.columns.iter().zip(&mut self.kept) {
            let Kept { levels, numbers, texts } = std::mem::take(kept);
            let Some(mut writer) = group.next_column()? else { continue };
            match column.kind() {
                ColumnKind::Time | ColumnKind::Count => {
                    writer.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None)?;
                }
                ColumnKind::Text => {
                    writer.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
                }
            }
            writer.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        self.take(out)
    }

    /// Takes what was written so far.
    fn take(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.writer.flush().map_err(|error| Error::Export(Box::new(error)))?;
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

impl Kept {
    /// Adds a row's value; how many bytes it takes.
    fn add(&mut self, cell: Cell) -> usize {
        self.levels.push(i16::from(cell != Cell::Nothing));
        match cell {
            Cell::Nothing => 2,
            Cell::Number(number) => {
                self.numbers.push(i64::try_from(number).unwrap_or(i64::MAX));
                10
            }
            Cell::Text(text) => {
                let bytes = size_of::<ByteArray>() + text.len();
                self.texts.push(ByteArray::from(text.into_bytes()));
                bytes
            }
        }
    }
}

fn field(column: &Column) -> Result<TypePtr> {
    let (physical, logical) = match column.kind() {
        ColumnKind::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        ColumnKind::Count => (PhysicalType::INT64, None),
        ColumnKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(field))
}
