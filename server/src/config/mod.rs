//! What the operator decides: one typed tree, set by defaults, a YAML file, the environment and flags.
//!
//! | file | owns |
//! |---|---|
//! | `sections.rs` | the tree: every section, its defaults, what is refused |
//! | `address.rs` | what `HOST:PORT` means |
//! | `keys.rs` | the list of settable keys, read off the types |
//! | `environment.rs` | `SPOOR_SECTION_KEY` names |
//! | `yaml.rs` | reading YAML, and errors a person can act on |
//! | `load.rs` | precedence: flag, then environment, then file, then default |
//! | `print.rs` | the effective tree, with where each value came from |

mod address;
mod environment;
mod keys;
mod load;
mod print;
mod sections;
mod yaml;

pub(crate) use address::ListenAddress;
pub(crate) use load::{ConfigError, Flag, Sources, load};
pub(crate) use print::print;
pub(crate) use sections::{Config, ListenConfig, LogFormat, TelemetryConfig};
