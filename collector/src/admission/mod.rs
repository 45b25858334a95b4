//! The gates a request passes before it may take memory.
//!
//! | file | owns |
//! |---|---|
//! | `tenant.rs` | whose request it is |
//! | `memory.rs` | bytes in flight |

mod memory;
mod tenant;

pub(crate) use memory::{Memory, Permit, UsedUp};
pub(crate) use tenant::{TENANT_HEADER, tenant};
