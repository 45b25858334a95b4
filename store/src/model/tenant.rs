//! Whose records these are.

use std::fmt;
use std::sync::Arc;

/// Name of a tenant: 1–64 characters of `A-Z a-z 0-9 . _ -`, never `.` or `..`.
///
/// Every record, split and query belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(Arc<str>);

/// Why a string is no tenant name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tenant name must be 1-64 characters of A-Z a-z 0-9 . _ - (got {0:?})")]
pub struct InvalidTenant(String);

impl Tenant {
    /// Longest name, in bytes.
    pub const LENGTH_MAX: usize = 64;

    /// Checks a name given from outside.
    pub fn new(name: &str) -> Result<Self, InvalidTenant> {
        let valid = !name.is_empty()
            && name.len() <= Self::LENGTH_MAX
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && name != "."
            && name != "..";
        if valid { Ok(Self(name.into())) } else { Err(InvalidTenant(name.chars().take(80).collect())) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    /// The tenant of requests that name none: `default`.
    fn default() -> Self {
        Self("default".into())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
