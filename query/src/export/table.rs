//! Records as CSV, as RFC 4180 has it.

use spoor_store::model::Record;

use super::columns::{Cell, Columns};
use crate::error::{Error, Result};

/// Appends rows to `out`, after the header line when asked for.
pub(super) fn write(
    columns: &Columns,
    with_header: bool,
    records: &[Record],
    out: &mut Vec<u8>,
) -> Result<()> {
    let wrong = |error: csv::Error| Error::Export(Box::new(error));
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut *out);
    if with_header {
        table.write_record(columns.columns.iter().map(|column| column.name.as_bytes())).map_err(wrong)?;
    }
    for record in records {
        for column in &columns.columns {
            match column.cell(record) {
                Cell::Nothing => table.write_field(""),
                Cell::Number(number) => table.write_field(number.to_string()),
                Cell::Text(text) => table.write_field(text),
            }
            .map_err(wrong)?;
        }
        table.write_record(None::<&[u8]>).map_err(wrong)?;
    }
    table.flush().map_err(|error| Error::Export(Box::new(error)))
}
