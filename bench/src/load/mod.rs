//! The sender: encoded requests over several connections, several in flight on each, timed one by one.
//!
//! prepare (bytes as they go on the wire) → sender (lanes, pace, retries) over connection (HTTP/1.1 or HTTP/2) and reply.

mod connection;
mod prepare;
mod reply;
mod sender;
#[cfg(test)]
mod tests;

pub use connection::{Connection, Wire};
pub use prepare::{Prepared, prepare};
pub use reply::Reply;
pub use sender::{LoadOptions, LoadReport, send_all};
