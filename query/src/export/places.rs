//! How many exports run at once, and which gives way: one whose client does not read keeps its place, and the splits
//! it looks at, only until another export needs the place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spoor_runtime::clock::Clock;

use super::stream::Work;
use crate::error::{Error, Result};

/// What a client that is turned away is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The places for exports; clones share them.
#[derive(Clone)]
pub(crate) struct Places {
    max: usize,
    stalled: Duration,
    clock: Clock,
    taken: Arc<Mutex<Vec<Arc<Mutex<Slot>>>>>,
}

/// An export's place; given back on drop.
pub(crate) struct Place {
    places: Places,
    slot: Arc<Mutex<Slot>>,
}

struct Slot {
    /// What is to be done; `None` while it is being done, and once the place was taken away.
    work: Option<Box<Work>>,
    /// When the client last asked for a piece or got one.
    read_at: Duration,
    is_taken_away: bool,
}

impl Places {
    pub(crate) fn new(max: usize, stalled: Duration, clock: Clock) -> Self {
        Self { max, stalled, clock, taken: Arc::default() }
    }

    /// Takes a place, if need be that of an export that its client does not read.
    pub(super) fn take(&self) -> Result<Place> {
        let now = self.clock.monotonic();
        let mut taken = lock(&self.taken);
        if taken.len() >= self.max {
            let gives_way = |slot: &Arc<Mutex<Slot>>| {
                let mut slot = lock(slot);
                let is_stalled = slot.work.is_some() && now.saturating_sub(slot.read_at) >= self.stalled;
                if is_stalled {
                    slot.work = None;
                    slot.is_taken_away = true;
                }
                is_stalled
            };
            let Some(at) = taken.iter().position(gives_way) else {
                return Err(Error::Busy { retry_after: RETRY_AFTER });
            };
            taken.remove(at);
        }
        let slot = Arc::new(Mutex::new(Slot { work: None, read_at: now, is_taken_away: false }));
        taken.push(Arc::clone(&slot));
        Ok(Place { places: self.clone(), slot })
    }
}

impl Place {
    /// Leaves the work here until the next piece is asked for.
    pub(super) fn put(&self, work: Work) {
        let mut slot = lock(&self.slot);
        slot.read_at = self.places.clock.monotonic();
        slot.work = Some(Box::new(work));
    }

    /// Takes the work to do some of it; `None` when nothing is left.
    ///
    /// # Errors
    /// [`Error::Stalled`] when another export took the place.
    pub(super) fn work(&self) -> Result<Option<Work>> {
        let mut slot = lock(&self.slot);
        if slot.is_taken_away {
            return Err(Error::Stalled { stalled: self.places.stalled });
        }
        slot.read_at = self.places.clock.monotonic();
        Ok(slot.work.take().map(|work| *work))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places.taken).retain(|slot| !Arc::ptr_eq(slot, &self.slot));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
