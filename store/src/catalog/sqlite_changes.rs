//! The statements that change the SQLite catalog, inside a transaction that the caller commits.

use sqlx::SqliteConnection;

use super::rows::SplitRow;
use super::{Conflict, SplitMeta, fingerprints};
use crate::config::Config;
use crate::model::{SplitId, UnixNanos};

/// Why a change was not made.
pub(super) enum Refusal {
    Conflict(Conflict),
    Database(sqlx::Error),
    Corrupt(String),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Conflict> for Refusal {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// Gives the version when the split was published before and nothing is to be done.
pub(super) async fn publish(
    change: &mut SqliteConnection,
    split: &SplitMeta,
    fingerprints: &[(u128, UnixNanos)],
) -> Result<Option<i64>, Refusal> {
    if let Some(found) = find(change, split.id).await? {
        // A retry is as good as the first try, but later.
        if found != (SplitMeta { created_at: found.created_at, ..split.clone() }) {
            return Err(Conflict::Exists { split: split.id }.into());
        }
        return Ok(Some(sqlx::query_scalar("SELECT version FROM state").fetch_one(change).await?));
    }
    let published: Option<i64> = sqlx::query_scalar("SELECT sequence FROM published WHERE tenant = ?")
        .bind(split.tenant.as_str())
        .fetch_optional(&mut *change)
        .await?;
    let published = published.map_or(0, i64::cast_unsigned);
    if split.first_sequence <= published {
        let (tenant, first_sequence) = (split.tenant.clone(), split.first_sequence);
        return Err(Conflict::Published { split: split.id, tenant, first_sequence, published }.into());
    }
    insert(change, split).await?;
    sqlx::query(
        "INSERT INTO published (tenant, sequence) VALUES (?, ?)
         ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence",
    )
    .bind(split.tenant.as_str())
    .bind(split.last_sequence.cast_signed())
    .execute(&mut *change)
    .await?;
    keep_fingerprints(change, split, fingerprints).await?;
    Ok(None)
}

async fn keep_fingerprints(
    change: &mut SqliteConnection,
    split: &SplitMeta,
    fingerprints: &[(u128, UnixNanos)],
) -> sqlx::Result<()> {
    let window = u64::try_from(Config::DUPLICATE_WINDOW.as_nanos()).unwrap_or(u64::MAX);
    let oldest = split.created_at.saturating_sub(window);
    // Arrivals are readings of a clock, so their bits order the same when signed.
    sqlx::query("DELETE FROM fingerprints WHERE newest_arrival < ?")
        .bind(oldest.cast_signed())
        .execute(&mut *change)
        .await?;
    let Some(newest) = fingerprints.iter().map(|(_, arrival)| *arrival).max() else { return Ok(()) };
    sqlx::query("INSERT INTO fingerprints (split, newest_arrival, packed) VALUES (?, ?, ?)")
        .bind(split.id.to_string())
        .bind(newest.cast_signed())
        .bind(fingerprints::pack(fingerprints))
        .execute(&mut *change)
        .await?;
    Ok(())
}

pub(super) async fn replace(
    change: &mut SqliteConnection,
    old: &[SplitId],
    new: &[SplitMeta],
) -> Result<(), Refusal> {
    for split in old {
        if !retire(change, *split).await? {
            return Err(Conflict::Gone { split: *split }.into());
        }
    }
    for split in new {
        if find(change, split.id).await?.is_some() {
            return Err(Conflict::Exists { split: split.id }.into());
        }
        insert(change, split).await?;
    }
    Ok(())
}

/// Removes a split from the set and keeps its file in mind; false when it was not there.
pub(super) async fn retire(change: &mut SqliteConnection, split: SplitId) -> sqlx::Result<bool> {
    let id = split.to_string();
    let removed = sqlx::query("DELETE FROM splits WHERE id = ?").bind(&id).execute(&mut *change).await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO garbage (split) VALUES (?)").bind(&id).execute(&mut *change).await?;
    Ok(true)
}

async fn find(change: &mut SqliteConnection, split: SplitId) -> Result<Option<SplitMeta>, Refusal> {
    let row: Option<SplitRow> = sqlx::query_as("SELECT * FROM splits WHERE id = ?")
        .bind(split.to_string())
        .fetch_optional(change)
        .await?;
    row.map(|row| row.into_meta().map_err(Refusal::Corrupt)).transpose()
}

async fn insert(change: &mut SqliteConnection, split: &SplitMeta) -> sqlx::Result<()> {
    let row = SplitRow::from(split);
    sqlx::query(
        "INSERT INTO splits (id, tenant, records, spans, logs, min_time, max_time, bytes, created_at,
                             first_sequence, last_sequence, format)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(row.id)
    .bind(row.tenant)
    .bind(row.records)
    .bind(row.spans)
    .bind(row.logs)
    .bind(row.min_time)
    .bind(row.max_time)
    .bind(row.bytes)
    .bind(row.created_at)
    .bind(row.first_sequence)
    .bind(row.last_sequence)
    .bind(row.format)
    .execute(change)
    .await?;
    Ok(())
}
