//! `spoor search`: log records and spans, page by page up to a limit.

use crate::cli::{SearchArgs, selection};
use crate::client::{Connection, Exit, LineStyle, Output, Parameters, Record, Result, SearchPage, parse};

/// Records of one page.
const PAGE_RECORDS_MAX: u64 = 1_000;

/// Prints the newest records that match, the oldest of them first, as a log is read.
pub(super) async fn search(arguments: &SearchArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let mut lines = LineStyle::new(&output, arguments.fields.as_deref());
    let mut cursor = arguments.cursor.clone();
    let mut held: Vec<Record> = Vec::new();
    let (mut found, mut total) = (0, None);
    while found < arguments.limit {
        let json = page(&connection, arguments, arguments.limit - found, cursor.take()).await?;
        let page: SearchPage = parse(&json)?;
        let records = page.records.len() as u64;
        found += records;
        total = total.or(page.total);
        cursor = page.cursor;
        if arguments.look.json {
            output.write_json(&json)?;
        } else if arguments.reverse {
            for record in &page.records {
                output.write(&lines.line(record))?;
            }
        } else {
            held.extend(page.records);
        }
        if cursor.is_none() || records == 0 {
            break;
        }
    }
    for record in held.iter().rev() {
        output.write(&lines.line(record))?;
    }
    output.flush()?;
    if found == 0 {
        output.note("nothing found")?;
        return Ok(Exit::NothingFound);
    }
    if let Some(cursor) = cursor {
        let of = total.map_or_else(String::new, |total| format!(" of {total}"));
        output.note(&format!("{found}{of} shown, there are older ones; go on with --cursor {cursor}"))?;
    }
    Ok(Exit::Done)
}

async fn page(
    connection: &Connection,
    arguments: &SearchArgs,
    left: u64,
    cursor: Option<String>,
) -> Result<Vec<u8>> {
    let mut parameters: Parameters = selection(&arguments.query, &arguments.range);
    parameters.push(("limit", Some(left.min(PAGE_RECORDS_MAX).to_string())));
    parameters.push(("cursor", cursor));
    connection.json(&["search"], &parameters).await
}
