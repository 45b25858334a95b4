//! The catalog of one machine: a SQLite database in the data directory, one connection.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr as _, Sqlite, SqlitePool, Transaction};

use super::rows::{SplitRow, parse_split, parse_tenant};
use super::sqlite_changes::{Refusal, publish, replace, retire};
use super::{Catalog, CatalogState, SplitMeta, fingerprints};
use crate::disk::{Disk as _, RealDisk};
use crate::error::{Error, Result};
use crate::model::{SplitId, UnixNanos};

/// How long a change waits for another process that looks into the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Result codes by which SQLite says that the file is damaged, or no database.
const DAMAGED: [&str; 2] = ["11", "26"];
/// Version of the newest migration.
const VERSION: u32 = 1;

/// A catalog in a file.
#[derive(Debug)]
pub(super) struct SqliteCatalog {
    pool: SqlitePool,
    path: PathBuf,
}

impl SqliteCatalog {
    /// Opens the database at `path`, created when missing, and brings its tables up to date.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(|error| failed("open", path, error))?;
        let catalog = Self { pool, path: path.to_path_buf() };
        catalog.migrate().await?;
        RealDisk.sync_dir(path.parent().unwrap_or(Path::new(".")))?;
        Ok(catalog)
    }

    async fn migrate(&self) -> Result<()> {
        let migration = Migration::new(
            i64::from(VERSION),
            Cow::Borrowed("splits"),
            MigrationType::Simple,
            include_str!("migrations/sqlite_0001.sql").into_sql_str(),
            false,
        );
        match Migrator::with_migrations(vec![migration]).run(&self.pool).await {
            Ok(()) => Ok(()),
            Err(MigrateError::VersionMissing(found)) => Err(Error::Version {
                path: self.path.clone(),
                found: u32::try_from(found).unwrap_or(u32::MAX),
                known: VERSION,
            }),
            Err(MigrateError::Execute(error)) => Err(self.failed("migrate", error)),
            Err(error) => Err(Error::Catalog { action: "migrate", source: error.into() }),
        }
    }

    async fn begin(&self, action: &'static str) -> Result<Transaction<'static, Sqlite>> {
        self.pool.begin().await.map_err(|error| self.failed(action, error))
    }

    async fn commit(&self, mut change: Transaction<'static, Sqlite>) -> sqlx::Result<u64> {
        let version: i64 = sqlx::query_scalar("UPDATE state SET version = version + 1 RETURNING version")
            .fetch_one(&mut *change)
            .await?;
        change.commit().await?;
        Ok(version.cast_unsigned())
    }

    fn failed(&self, action: &'static str, error: sqlx::Error) -> Error {
        failed(action, &self.path, error)
    }

    fn corrupt(&self, reason: String) -> Error {
        Error::Corrupt { path: self.path.clone(), reason }
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn load(&self) -> Result<CatalogState> {
        let rows = self.read_rows().await.map_err(|error| self.failed("read", error))?;
        let mut state = CatalogState { version: rows.version.cast_unsigned(), ..CatalogState::default() };
        for row in rows.splits {
            state.splits.push(row.into_meta().map_err(|reason| self.corrupt(reason))?);
        }
        for (tenant, sequence) in rows.published {
            let tenant = parse_tenant(&tenant).map_err(|reason| self.corrupt(reason))?;
            state.published.insert(tenant, sequence.cast_unsigned());
        }
        for packed in rows.fingerprints {
            let unpacked = fingerprints::unpack(&packed);
            let unpacked = unpacked.ok_or_else(|| self.corrupt("fingerprints are cut off".to_owned()))?;
            state.fingerprints.extend(unpacked);
        }
        Ok(state)
    }

    async fn publish(&self, split: &SplitMeta, fingerprints: &[(u128, UnixNanos)]) -> Result<u64> {
        const ACTION: &str = "publish to";
        let mut change = self.begin(ACTION).await?;
        let outcome = publish(&mut change, split, fingerprints).await;
        match outcome.map_err(|refusal| self.refused(ACTION, refusal))? {
            Some(version) => Ok(version.cast_unsigned()),
            None => self.commit(change).await.map_err(|error| self.failed(ACTION, error)),
        }
    }

    async fn replace(&self, old: &[SplitId], new: &[SplitMeta]) -> Result<u64> {
        const ACTION: &str = "replace splits in";
        let mut change = self.begin(ACTION).await?;
        let outcome = replace(&mut change, old, new).await;
        outcome.map_err(|refusal| self.refused(ACTION, refusal))?;
        self.commit(change).await.map_err(|error| self.failed(ACTION, error))
    }

    async fn drop_splits(&self, splits: &[SplitId]) -> Result<u64> {
        const ACTION: &str = "drop splits from";
        let mut change = self.begin(ACTION).await?;
        for split in splits {
            retire(&mut change, *split).await.map_err(|error| self.failed(ACTION, error))?;
        }
        self.commit(change).await.map_err(|error| self.failed(ACTION, error))
    }

    async fn garbage(&self) -> Result<Vec<SplitId>> {
        let rows: Vec<String> = sqlx::query_scalar("SELECT split FROM garbage ORDER BY split")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("read", error))?;
        rows.iter().map(|text| parse_split(text).map_err(|reason| self.corrupt(reason))).collect()
    }

    async fn collected(&self, splits: &[SplitId]) -> Result<()> {
        const ACTION: &str = "forget garbage in";
        let mut change = self.begin(ACTION).await?;
        for split in splits {
            sqlx::query("DELETE FROM garbage WHERE split = ?")
                .bind(split.to_string())
                .execute(&mut *change)
                .await
                .map_err(|error| self.failed(ACTION, error))?;
        }
        change.commit().await.map_err(|error| self.failed(ACTION, error))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl SqliteCatalog {
    async fn read_rows(&self) -> sqlx::Result<Rows> {
        let mut view = self.pool.begin().await?;
        Ok(Rows {
            version: sqlx::query_scalar("SELECT version FROM state").fetch_one(&mut *view).await?,
            splits: sqlx::query_as("SELECT * FROM splits ORDER BY id").fetch_all(&mut *view).await?,
            published: sqlx::query_as("SELECT tenant, sequence FROM published").fetch_all(&mut *view).await?,
            fingerprints: sqlx::query_scalar("SELECT packed FROM fingerprints ORDER BY split")
                .fetch_all(&mut *view)
                .await?,
        })
    }

    fn refused(&self, action: &'static str, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Conflict(conflict) => Error::Catalog { action, source: conflict.into() },
            Refusal::Database(error) => self.failed(action, error),
            Refusal::Corrupt(reason) => self.corrupt(reason),
        }
    }
}

/// Everything in the database.
struct Rows {
    version: i64,
    splits: Vec<SplitRow>,
    published: Vec<(String, i64)>,
    fingerprints: Vec<Vec<u8>>,
}

fn failed(action: &'static str, path: &Path, error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|error| error.code());
    if code.is_some_and(|code| DAMAGED.contains(&code.as_ref())) {
        return Error::Corrupt { path: path.to_path_buf(), reason: error.to_string() };
    }
    Error::Catalog { action, source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::contract;

    async fn open(path: &Path) -> Result<SqliteCatalog> {
        SqliteCatalog::open(path).await
    }

    #[tokio::test]
    async fn sqlite_catalog_behaves() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let path = root.path().join("catalog.db");
        contract::behaves(&move || {
            let path = path.clone();
            Box::pin(async move { Box::new(open(&path).await.expect("opened")) as Box<dyn Catalog> })
        })
        .await;
    }

    #[tokio::test]
    async fn a_newer_catalog_and_a_damaged_one_are_told_apart() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let newer = root.path().join("newer.db");
        let catalog = open(&newer).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (2, 'later', TRUE, x'00', 0)",
        )
        .execute(&catalog.pool)
        .await
        .unwrap();
        catalog.close().await;
        assert!(matches!(open(&newer).await, Err(Error::Version { found: 2, known: 1, .. })));

        let damaged = root.path().join("damaged.db");
        let file = RealDisk.create(&damaged).unwrap();
        file.write_all(&[b'x'; 8_192]).unwrap();
        let error = open(&damaged).await.expect_err("no database");
        assert!(matches!(&error, Error::Corrupt { path, .. } if *path == damaged), "{error:?}");
    }

    #[tokio::test]
    async fn every_commit_is_synced() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let catalog = open(&root.path().join("catalog.db")).await.unwrap();
        let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&catalog.pool).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&catalog.pool).await.unwrap();
        assert_eq!((full, mode.as_str()), (2, "wal"));
    }
}
