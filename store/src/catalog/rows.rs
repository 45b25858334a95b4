//! A split as a row of a database.
//!
//! Databases count in signed numbers: unsigned ones are stored as the signed number of the same bits. They are compared
//! here, never in SQL.

use sqlx::FromRow;

use super::SplitMeta;
use crate::model::{SplitId, Tenant};

/// A row of `splits`.
#[derive(Debug, FromRow)]
pub(super) struct SplitRow {
    pub(super) id: String,
    pub(super) tenant: String,
    pub(super) records: i64,
    pub(super) spans: i64,
    pub(super) logs: i64,
    pub(super) min_time: i64,
    pub(super) max_time: i64,
    pub(super) bytes: i64,
    pub(super) created_at: i64,
    pub(super) first_sequence: i64,
    pub(super) last_sequence: i64,
    pub(super) format: i64,
}

impl From<&SplitMeta> for SplitRow {
    fn from(split: &SplitMeta) -> Self {
        Self {
            id: split.id.to_string(),
            tenant: split.tenant.to_string(),
            records: i64::from(split.records),
            spans: i64::from(split.spans),
            logs: i64::from(split.logs),
            min_time: split.min_time.cast_signed(),
            max_time: split.max_time.cast_signed(),
            bytes: split.bytes.cast_signed(),
            created_at: split.created_at.cast_signed(),
            first_sequence: split.first_sequence.cast_signed(),
            last_sequence: split.last_sequence.cast_signed(),
            format: i64::from(split.format),
        }
    }
}

impl SplitRow {
    /// The split; what is wrong with the row otherwise.
    pub(super) fn into_meta(self) -> Result<SplitMeta, String> {
        let count = |number: i64, name: &str| {
            u32::try_from(number).map_err(|_| format!("split {} has {number} {name}", self.id))
        };
        Ok(SplitMeta {
            id: parse_split(&self.id)?,
            tenant: parse_tenant(&self.tenant)?,
            records: count(self.records, "records")?,
            spans: count(self.spans, "spans")?,
            logs: count(self.logs, "logs")?,
            min_time: self.min_time.cast_unsigned(),
            max_time: self.max_time.cast_unsigned(),
            bytes: self.bytes.cast_unsigned(),
            created_at: self.created_at.cast_unsigned(),
            first_sequence: self.first_sequence.cast_unsigned(),
            last_sequence: self.last_sequence.cast_unsigned(),
            format: count(self.format, "as format")?,
        })
    }
}

pub(super) fn parse_split(text: &str) -> Result<SplitId, String> {
    SplitId::parse(text).ok_or_else(|| format!("{text:?} is no split id"))
}

pub(super) fn parse_tenant(text: &str) -> Result<Tenant, String> {
    Tenant::new(text).map_err(|error| error.to_string())
}
