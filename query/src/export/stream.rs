//! The pieces of an export. Each takes a query's turn of its own and gives it back before the client reads it, so that
//! a slow client holds up nobody.

use std::collections::VecDeque;

use spoor_store::leaf::{Budget, DocSet, Leaf};
use spoor_store::model::Tenant;

use super::file::File;
use super::places::Place;
use crate::engine::{Engine, Turn};
use crate::error::{Error, Result};

/// Records read at once; a block of a split has as many.
const RECORDS_PER_READ: usize = 256;

/// A piece ends after this many bytes.
const PIECE_BYTES: usize = 256 << 10;

/// A piece ends after this many records, also when they make few bytes.
const PIECE_RECORDS: usize = 8_192;

/// A file on its way. Dropping it ends its work and frees its place.
pub struct Export {
    engine: Engine,
    tenant: Tenant,
    place: Place,
    total: u64,
    has_failed: bool,
}

/// What is left to write.
pub(super) struct Work {
    leaves: VecDeque<(Leaf, DocSet)>,
    /// The ordinal in the first leaf to go on from.
    next: u32,
    /// Records still to come.
    left: u64,
    file: File,
    is_finished: bool,
}

impl Export {
    pub(super) fn new((engine, tenant): (Engine, Tenant), place: Place, total: u64) -> Self {
        Self { engine, tenant, place, total, has_failed: false }
    }

    /// Records that come.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The next piece of the file; `None` after the last. A failure is the last thing that comes, and dropping the
    /// future ends the export as dropping the export does: whoever does so must not take the file for whole.
    ///
    /// # Errors
    /// [`Error::Stalled`] when the export went unread for long and its place was needed, and what any query can meet.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>>> {
        if self.has_failed {
            return None;
        }
        let piece = self.piece().await;
        self.has_failed = piece.is_err();
        piece.transpose()
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let Some(mut work) = self.place.work()? else { return Ok(None) };
            let turn = self.turn().await?;
            let (work, piece) = turn
                .run
                .once(move |budget| {
                    let piece = work.piece(budget)?;
                    Ok((work, piece))
                })
                .await?;
            drop(turn);
            if !work.is_finished {
                self.place.put(work);
            }
            let piece = piece?;
            // Rows of a Parquet file come out a group at a time.
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    /// A turn. The server being busy is no reason to break off what is half written, unless it is so for as long as a
    /// query may take.
    async fn turn(&self) -> Result<Turn<'_>> {
        let clock = self.engine.clock();
        let patient_until = clock.monotonic().saturating_add(self.engine.config().deadline());
        loop {
            match self.engine.turn(&self.tenant).await {
                Err(Error::Busy { retry_after }) if clock.monotonic() < patient_until => {
                    clock.sleep(retry_after).await;
                }
                turn => return turn,
            }
        }
    }
}

impl Work {
    pub(super) fn new(leaves: VecDeque<(Leaf, DocSet)>, file: File, total: u64) -> Self {
        Self { leaves, next: 0, left: total, file, is_finished: false }
    }

    /// Writes the next piece. What fails inside is how the store failed; outside, how the records could not be written.
    fn piece(&mut self, budget: &Budget) -> spoor_store::Result<Result<Vec<u8>>> {
        let mut piece = Vec::new();
        let mut records = 0;
        while piece.len() < PIECE_BYTES && records < PIECE_RECORDS && !self.is_finished {
            budget.check()?;
            let Some((leaf, docs)) = self.leaves.front().filter(|_| self.left > 0) else {
                self.is_finished = true;
                if let Err(error) = self.file.finish(&mut piece) {
                    return Ok(Err(error));
                }
                break;
            };
            let most = RECORDS_PER_READ.min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let ordinals: Vec<u32> = docs.iter_from(self.next).take(most).collect();
            let Some(last) = ordinals.last() else {
                self.leaves.pop_front();
                self.next = 0;
                continue;
            };
            self.next = last.saturating_add(1);
            let read = leaf.peek(&ordinals, budget)?;
            records += read.len();
            self.left = self.left.saturating_sub(read.len() as u64);
            if let Err(error) = self.file.add(&read, &mut piece) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(piece))
    }
}
