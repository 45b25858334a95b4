//! `spoor flow`: everything that shares an id, drawn.

use crate::cli::FlowArgs;
use crate::client::{Connection, Drawing, Exit, Flow, Output, Parameters, Result, draw, parse};

/// Draws the flow.
pub(super) async fn flow(arguments: &FlowArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let mut parameters: Parameters = arguments.range.parameters().into();
    parameters.push(("key", arguments.key.clone()));
    parameters.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    let json = connection.json(&["flows", arguments.id.trim()], &parameters).await?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else {
        let flow: Flow = parse(&json)?;
        let drawing = Drawing {
            columns: arguments.width.map_or(output.columns, usize::from),
            // Colours that were asked for mean that a terminal is at the end of the pipe.
            ascii: arguments.ascii || !(output.terminal || output.paint.on),
            logs: arguments.logs,
            depth_max: arguments.depth,
            paint: output.paint,
            page: flow.keys.first().map(|key| connection.page(key, &flow.id)),
            moments: output.moments.clone(),
        };
        output.write(&draw(&flow, &drawing))?;
    }
    output.flush()?;
    Ok(Exit::Done)
}
