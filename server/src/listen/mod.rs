//! From an address in the configuration to requests in a router.
//!
//! | file | owns |
//! |---|---|
//! | `bind.rs` | the sockets, bound before anything else runs |
//! | `serve.rs` | accepting, the HTTP settings of a connection, draining |

mod bind;
mod serve;

pub(crate) use bind::{Socket, Sockets};
pub(crate) use serve::{Listener, ListenerMetrics};
