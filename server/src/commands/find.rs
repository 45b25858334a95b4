//! `spoor find`: what an unknown id is.

use crate::cli::FindArgs;
use crate::client::{Cell, Connection, Exit, Find, Ink, Output, Result, Table, parse};

/// Prints a row for each thing that the id is.
pub(super) async fn find(arguments: &FindArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let json = connection.json(&["find"], &vec![("id", Some(arguments.id.clone()))]).await?;
    let found: Find = parse(&json)?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else if !found.matches.is_empty() {
        output.write(&table(&found, &output).show(output.paint))?;
    }
    if found.matches.is_empty() {
        output.note(&format!("nothing carries the id `{}`", arguments.id.escape_debug()))?;
        return Ok(Exit::NothingFound);
    }
    output.flush()?;
    Ok(Exit::Done)
}

fn table(found: &Find, output: &Output) -> Table {
    let mut table = Table::new(["KIND", "KEY", "ID", "FIRST", "LAST", "SPANS", "LOGS"]);
    for thing in &found.matches {
        table.row(vec![
            Cell::text(&thing.kind),
            Cell::text(thing.key.as_deref().unwrap_or_default()),
            Cell::text(&thing.id).ink(Ink::Link),
            Cell::text(&output.moments.show(thing.first)),
            Cell::text(&output.moments.show(thing.last)),
            Cell::number(thing.spans.to_string()),
            Cell::number(thing.logs.to_string()),
        ]);
    }
    table
}
