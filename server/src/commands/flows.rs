//! `spoor flows`: recent flows, the newest first.

use crate::cli::{FlowsArgs, selection};
use crate::client::{Cell, Connection, Exit, FlowSummary, Flows, Ink, Output, Parameters, Result, Table};
use crate::client::{duration, parse, safe};

/// Names of services in a row; the rest are counted.
const SERVICES_MAX: usize = 4;

/// Prints a row for each flow.
pub(super) async fn flows(arguments: &FlowsArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let mut parameters: Parameters = selection(&arguments.query, &arguments.range);
    parameters.retain(|(name, _)| *name != "signal");
    if arguments.query.text().is_empty() {
        parameters.retain(|(name, _)| *name != "q");
    }
    parameters.push(("key", arguments.key.clone()));
    parameters.push(("state", arguments.state.clone()));
    parameters.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    parameters.push(("cursor", arguments.cursor.clone()));
    let json = connection.json(&["flows"], &parameters).await?;
    let answer: Flows = parse(&json)?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else if !answer.flows.is_empty() {
        output.write(&table(&answer.flows, &output).show(output.paint))?;
    }
    output.flush()?;
    if let Some(cut) = &answer.truncated {
        output.note(&safe(&cut.reason))?;
    }
    match (&answer.cursor, answer.flows.is_empty()) {
        (Some(cursor), _) => {
            output.note(&format!("there are older ones; go on with --cursor {}", safe(cursor)))?
        }
        (None, true) => output.note("nothing found")?,
        (None, false) => {}
    }
    Ok(if answer.flows.is_empty() { Exit::NothingFound } else { Exit::Done })
}

fn table(flows: &[FlowSummary], output: &Output) -> Table {
    let mut table = Table::new([
        "START", "STATE", "KEY", "ID", "DURATION", "SPANS", "LOGS", "ERRORS", "SERVICES", "CAUSE",
    ]);
    for flow in flows {
        // What was not counted whole is at least this much.
        let more = if flow.truncated.is_some() { "+" } else { "" };
        let counted = |number: u64| format!("{number}{more}");
        let errors = if flow.error_count > 0 { Ink::Error } else { Ink::Plain };
        table.row(vec![
            Cell::text(&output.moments.show(flow.start)).ink(Ink::Quiet),
            Cell::text(&flow.state).ink(Ink::state(&flow.state)),
            Cell::text(&flow.key),
            Cell::text(&flow.id).ink(Ink::Link),
            Cell::number(duration(flow.duration_ns)),
            Cell::number(counted(flow.span_count)),
            Cell::number(counted(flow.log_count)),
            Cell::number(counted(flow.error_count)).ink(errors),
            Cell::text(&services(flow)),
            Cell::text(&flow.cause.as_ref().map_or_else(String::new, |cause| cause.summary())),
        ]);
    }
    table
}

fn services(flow: &FlowSummary) -> String {
    let mut names: Vec<String> = flow.services.iter().take(SERVICES_MAX).cloned().collect();
    if flow.services.len() > SERVICES_MAX {
        names.push(format!("+{} more", flow.services.len() - SERVICES_MAX));
    }
    names.join(", ")
}
