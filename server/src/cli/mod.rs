//! What the user may write on the command line.
//!
//! | file | owns |
//! |---|---|
//! | `command.rs` | the list of commands |
//! | `server.rs` | arguments of the commands that run the server or look at its files |
//! | `client.rs` | arguments of the commands that ask a running server |

mod client;
mod command;
mod server;

pub(crate) use client::{
    CompletionsArgs, Connect, ExportArgs, FindArgs, FlowArgs, FlowsArgs, Look, SearchArgs, ServicesArgs,
    StatsArgs, TailArgs, WhichColor, WhichLogs, selection,
};
pub(crate) use command::{Cli, Command, VERSION};
pub(crate) use server::{ConfigAction, HealthArgs, InspectArgs, InspectWhat, ServeArgs};
