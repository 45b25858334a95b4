//! The only place that spawns onto the async runtime.
//!
//! | file | owns |
//! |---|---|
//! | `tasks.rs` | background tasks: started, watched, stopped in reverse order |
//! | `connections.rs` | one future per connection, bounded |

mod connections;
mod tasks;
#[cfg(test)]
mod tests;

pub(crate) use tasks::panic_message;

pub use connections::{ConnectionPermit, Connections};
pub use tasks::{Failure, Panicked, Supervisor};
