//! Load generator and benchmark: a seeded workload with a known truth, a sender that costs little, and the measures that
//! compare a running server with its targets and its peers.
//!
//! `generate` makes the requests and `truth` what must be found; `load` sends them; `sink` and `stand_in` answer instead of a server;
//! `measure` starts the server and asks; `table` prints beside `targets` and `peers`.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod figures;
pub mod generate;
pub mod load;
pub mod measure;
pub mod output;
pub mod peers;
pub mod process;
pub mod sink;
pub mod stand_in;
pub mod table;
pub mod targets;
pub mod truth;
