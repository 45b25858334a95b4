//! Local copies of splits that are kept elsewhere: the least recently used go when there is no room.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::remove_if_there;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::model::SplitId;
use crate::paths::{parse_split_name, split_name};

/// When to try again while all room is taken by copies that are being fetched.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A folder of copies.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    bytes_max: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    copies: HashMap<SplitId, Copy>,
    /// Of all copies, those being fetched included.
    bytes: u64,
    uses: u64,
}

#[derive(Debug)]
struct Copy {
    bytes: u64,
    last_use: u64,
    whole: bool,
}

/// Room for a copy that is being fetched; given back when dropped, unless filled.
#[derive(Debug)]
pub(super) struct Room {
    cache: Arc<Cache>,
    split: SplitId,
    filled: bool,
}

impl Cache {
    /// Opens the folder, created when missing. Copies that are there stay as long as there is room for them.
    pub(super) fn open(disk: &dyn Disk, dir: &Path, bytes_max: u64) -> Result<Arc<Self>> {
        disk.create_dir_all(dir)?;
        let cache = Self { dir: dir.to_path_buf(), bytes_max, state: Mutex::default() };
        // Sorted by name is sorted by age: the newest are looked at most.
        for entry in disk.list(dir)?.into_iter().rev() {
            let mut state = cache.state();
            let split = parse_split_name(&entry.name).filter(|_| state.bytes + entry.bytes <= bytes_max);
            let Some(split) = split else {
                disk.remove(&dir.join(&entry.name))?;
                continue;
            };
            state.bytes += entry.bytes;
            state.copies.insert(split, Copy { bytes: entry.bytes, last_use: 0, whole: true });
        }
        Ok(Arc::new(cache))
    }

    /// The path of a whole copy; using it keeps it longer.
    pub(super) fn get(&self, split: SplitId) -> Option<PathBuf> {
        let mut state = self.state();
        state.uses += 1;
        let now = state.uses;
        let copy = state.copies.get_mut(&split).filter(|copy| copy.whole)?;
        copy.last_use = now;
        Some(self.path(split))
    }

    /// Makes room for a copy that is not there. Blocks.
    ///
    /// Fails with [`Error::Budget`] when fetches under way take all of it, or the copy alone is too large.
    pub(super) fn reserve(self: &Arc<Self>, disk: &dyn Disk, split: SplitId, bytes: u64) -> Result<Room> {
        let mut state = self.state();
        while state.bytes + bytes > self.bytes_max {
            let whole = state.copies.iter().filter(|(_, copy)| copy.whole);
            let Some(oldest) = whole.min_by_key(|(_, copy)| copy.last_use).map(|(split, _)| *split) else {
                return Err(Error::Budget { budget: "split cache", retry_after: RETRY_AFTER });
            };
            remove_if_there(disk, &self.path(oldest))?;
            state.forget(oldest);
        }
        state.uses += 1;
        let copy = Copy { bytes, last_use: state.uses, whole: false };
        state.bytes += bytes;
        let before = state.copies.insert(split, copy);
        assert!(before.is_none(), "one fetch at a time per split, and only of what is not there");
        Ok(Room { cache: Arc::clone(self), split, filled: false })
    }

    /// Removes a copy, if there is a whole one. Blocks.
    pub(super) fn remove(&self, disk: &dyn Disk, split: SplitId) -> Result<()> {
        let mut state = self.state();
        if state.copies.get(&split).is_some_and(|copy| copy.whole) {
            remove_if_there(disk, &self.path(split))?;
            state.forget(split);
        }
        Ok(())
    }

    fn path(&self, split: SplitId) -> PathBuf {
        self.dir.join(split_name(split))
    }

    /// Nothing panics while it is held but the assertion above, before which nothing is half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, split: SplitId) {
        if let Some(copy) = self.copies.remove(&split) {
            self.bytes -= copy.bytes;
        }
    }
}

impl Room {
    /// Where to write the copy before it is whole.
    pub(super) fn part_path(&self) -> PathBuf {
        self.cache.dir.join(format!("{}.part", self.split))
    }

    /// Takes the finished file at `from` as the copy and returns its path. Blocks.
    pub(super) fn fill(mut self, disk: &dyn Disk, from: &Path) -> Result<PathBuf> {
        let path = self.cache.path(self.split);
        disk.rename(from, &path)?;
        if let Some(copy) = self.cache.state().copies.get_mut(&self.split) {
            copy.whole = true;
        }
        self.filled = true;
        Ok(path)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if !self.filled {
            self.cache.state().forget(self.split);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::faulty::FaultyDisk;

    const DIR: &str = "/cache";

    fn add(cache: &Arc<Cache>, disk: &FaultyDisk, bytes: usize) -> SplitId {
        let split = SplitId::generate();
        let room = cache.reserve(disk, split, bytes as u64).expect("room");
        let part = room.part_path();
        disk.create(&part).unwrap().write_all(&vec![0; bytes]).unwrap();
        room.fill(disk, &part).unwrap();
        split
    }

    fn kept(disk: &FaultyDisk) -> u64 {
        disk.list(Path::new(DIR)).unwrap().iter().map(|entry| entry.bytes).sum()
    }

    #[test]
    fn the_least_recently_used_go_and_the_bound_holds() {
        let disk = FaultyDisk::new(1);
        let cache = Cache::open(&disk, Path::new(DIR), 100).unwrap();
        let [first, second, third] = [40, 30, 30].map(|bytes| add(&cache, &disk, bytes));
        assert!(cache.get(first).is_some());
        let fourth = add(&cache, &disk, 50);
        let there = [first, second, third, fourth].map(|split| cache.get(split).is_some());
        assert_eq!(there, [true, false, false, true]);
        assert_eq!(kept(&disk), 90);
        for _ in 0..50 {
            add(&cache, &disk, 33);
            assert!(kept(&disk) <= 100);
        }
    }

    #[test]
    fn room_that_is_not_filled_is_given_back_and_what_is_being_fetched_is_not_removed() {
        let disk = FaultyDisk::new(1);
        let cache = Cache::open(&disk, Path::new(DIR), 100).unwrap();
        let split = SplitId::generate();
        let room = cache.reserve(&disk, split, 80).unwrap();
        assert_eq!(cache.get(split), None, "not before it is whole");
        let refused = cache.reserve(&disk, SplitId::generate(), 30);
        assert!(matches!(refused, Err(Error::Budget { budget: "split cache", .. })));
        drop(room);
        add(&cache, &disk, 100);
        assert!(matches!(cache.reserve(&disk, SplitId::generate(), 101), Err(Error::Budget { .. })));
    }

    #[test]
    fn a_restart_keeps_the_newest_copies_that_fit_and_removes_what_was_half_fetched() {
        let disk = FaultyDisk::new(1);
        let cache = Cache::open(&disk, Path::new(DIR), 100).unwrap();
        let splits = [30, 30, 30].map(|bytes| add(&cache, &disk, bytes));
        disk.create(&Path::new(DIR).join("x.part")).unwrap();
        let restarted = Cache::open(&disk, Path::new(DIR), 70).unwrap();
        assert_eq!(splits.map(|split| restarted.get(split).is_some()), [false, true, true]);
        assert_eq!(kept(&disk), 60);
        restarted.remove(&disk, splits[2]).unwrap();
        assert_eq!((restarted.get(splits[2]), kept(&disk)), (None, 30));
        assert_eq!(add(&restarted, &disk, 40).to_string().len(), 32);
        assert!(restarted.get(splits[1]).is_some());
    }
}
