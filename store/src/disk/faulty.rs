//! A disk in memory that fails or stops at the step a test names, and forgets what was not synced.
//!
//! A step is one call. Stopping at a step does part of it (a write tears, a rename happens or not) and fails every
//! later one; [`FaultyDisk::after_power_loss`] then is the disk as a restarted machine finds it, and
//! [`FaultyDisk::after_kill`] as a restarted process does. Harsher than file systems are: names and sectors that were
//! not synced survive independently of each other, and a file whose sync failed never syncs again though it says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Disk, DiskEntry, DiskFile, DiskLock, file_error};
use crate::error::{Error, Result};

/// Sectors are written whole.
const SECTOR: usize = 512;

/// What happens at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The step is half done and nothing works afterwards.
    Stop,
    /// The step fails with this error, a write half done; later steps work.
    Fail(io::ErrorKind),
}

/// The disk; clones are handles to the same one.
#[derive(Debug, Clone)]
pub(crate) struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    inode: usize,
    path: PathBuf,
}

#[derive(Debug)]
struct FaultyLock {
    disk: FaultyDisk,
    path: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<NameChange>,
    dirs: BTreeSet<PathBuf>,
    locks: BTreeSet<PathBuf>,
    steps: u64,
    fault: Option<(u64, Fault)>,
    stopped: bool,
    capacity: u64,
    random: Random,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    data: Vec<u8>,
    synced: usize,
    sync_failed: bool,
}

/// A change of names, with the folders that make it durable.
#[derive(Debug, Clone)]
enum NameChange {
    Add { path: PathBuf, inode: usize },
    Move { from: PathBuf, to: PathBuf, inode: usize },
    Remove { path: PathBuf },
}

/// SplitMix64.
#[derive(Debug, Clone, Copy, Default)]
struct Random(u64);

/// Whether the step goes on, half happens, or does not.
enum Step {
    Whole,
    Half(io::Error),
}

impl FaultyDisk {
    /// An empty disk of 1 GiB whose chances follow from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            capacity: 1 << 30,
            dirs: BTreeSet::from([PathBuf::from("/")]),
            random: Random(seed),
            ..State::default()
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Lets the step numbered so (the first is 0) go wrong.
    pub(crate) fn fault_at(&self, step: u64, fault: Fault) {
        self.state().fault = Some((step, fault));
    }

    /// Lets the disk be full once it holds so many bytes.
    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.state().capacity = bytes;
    }

    /// Whether a step has stopped it.
    pub(crate) fn has_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Stops it now.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
    }

    /// Every folder.
    pub(crate) fn dirs(&self) -> Vec<PathBuf> {
        self.state().dirs.iter().cloned().collect()
    }

    /// Every file and what is in it.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        state.names.iter().map(|(path, inode)| (path.clone(), state.inodes[*inode].data.clone())).collect()
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Takes a step that happens elsewhere on the machine: `act` is done whole or not at all.
    pub(crate) fn outside(&self, act: impl FnOnce()) -> io::Result<()> {
        self.state().all_or_nothing(|_| {
            act();
            Ok(())
        })
    }

    /// Changes bytes of a file behind the store's back; they count as synced.
    pub(crate) fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let inode = state.names[path];
        change(&mut state.inodes[inode].data);
        state.inodes[inode].synced = state.inodes[inode].data.len();
    }

    /// The disk as the next process finds it after this one was killed.
    pub(crate) fn after_kill(&self) -> Self {
        let state = self.state();
        let next = State {
            inodes: state.inodes.clone(),
            names: state.names.clone(),
            durable_names: state.durable_names.clone(),
            unsynced_names: state.unsynced_names.clone(),
            dirs: state.dirs.clone(),
            capacity: state.capacity,
            random: state.random,
            ..State::default()
        };
        Self { state: Arc::new(Mutex::new(next)) }
    }

    /// The disk as the next process finds it after the power failed; `seed` chooses what survived of the unsynced.
    pub(crate) fn after_power_loss(&self, seed: u64) -> Self {
        let state = self.state();
        let mut random = Random(seed);
        let mut names = state.durable_names.clone();
        for change in &state.unsynced_names {
            if random.coin() {
                change.apply(&mut names);
            }
        }
        let inodes = state.inodes.iter().map(|inode| inode.after_power_loss(&mut random)).collect();
        let next = State {
            inodes,
            durable_names: names.clone(),
            names,
            dirs: state.dirs.clone(),
            capacity: state.capacity,
            random,
            ..State::default()
        };
        Self { state: Arc::new(Mutex::new(next)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn step(&mut self) -> io::Result<Step> {
        if self.stopped {
            return Err(io::Error::other("the disk has stopped"));
        }
        let step = self.steps;
        self.steps += 1;
        match self.fault {
            Some((at, Fault::Stop)) if at == step => {
                self.stopped = true;
                Ok(Step::Half(io::Error::other("the disk has stopped")))
            }
            Some((at, Fault::Fail(kind))) if at == step => Ok(Step::Half(kind.into())),
            _ => Ok(Step::Whole),
        }
    }

    /// Does `act` unless the step is one that fails without effect.
    fn all_or_nothing<T>(&mut self, act: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        match self.step()? {
            Step::Whole => act(self),
            Step::Half(error) => {
                // Whether a call that was cut short took effect, its caller cannot know; one that failed did not.
                if self.stopped && self.random.coin() {
                    drop(act(self));
                }
                Err(error)
            }
        }
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }

    fn need_parent(&self, path: &Path) -> io::Result<()> {
        let known = path.parent().is_some_and(|parent| self.dirs.contains(parent));
        if known { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn room(&self) -> usize {
        let live: BTreeSet<usize> = self.names.values().copied().collect();
        let used: u64 = live.iter().map(|inode| self.inodes[*inode].data.len() as u64).sum();
        usize::try_from(self.capacity.saturating_sub(used)).unwrap_or(usize::MAX)
    }

    fn append(&mut self, inode: usize, bytes: &[u8]) -> io::Result<()> {
        let step = self.step()?;
        let room = self.room();
        let (taken, outcome) = match step {
            Step::Whole if bytes.len() > room => (room, Err(io::ErrorKind::StorageFull.into())),
            Step::Whole => (bytes.len(), Ok(())),
            Step::Half(error) => (self.random.below(bytes.len() + 1).min(room), Err(error)),
        };
        self.inodes[inode].data.extend_from_slice(&bytes[..taken]);
        outcome
    }

    fn sync_data(&mut self, inode: usize) -> io::Result<()> {
        let synced = |inode: &mut Inode| {
            if !inode.sync_failed {
                inode.synced = inode.data.len();
            }
        };
        match self.step()? {
            Step::Whole => synced(&mut self.inodes[inode]),
            Step::Half(error) if self.stopped => {
                if self.random.coin() {
                    synced(&mut self.inodes[inode]);
                }
                return Err(error);
            }
            Step::Half(error) => {
                self.inodes[inode].sync_failed = true;
                return Err(error);
            }
        }
        Ok(())
    }

    fn cut(&mut self, path: &Path, len: u64) -> io::Result<()> {
        self.all_or_nothing(|state| {
            let inode = state.inode(path)?;
            let inode = &mut state.inodes[inode];
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            if len > inode.data.len() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            inode.data.truncate(len);
            inode.synced = len;
            Ok(())
        })
    }
}

impl Inode {
    fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut data = self.data.clone();
        match random.below(4) {
            0 => data.truncate(self.synced),
            1 => data.truncate(self.synced + random.below(data.len() - self.synced + 1)),
            // The length and some sectors made it; the others read as zeros.
            2 => {
                let unsynced = &mut data[self.synced..];
                for sector in unsynced.chunks_mut(SECTOR).filter(|_| random.coin()) {
                    sector.fill(0);
                }
            }
            _ => {}
        }
        Self { synced: data.len(), data, sync_failed: false }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Add { path, inode } => {
                names.insert(path.clone(), *inode);
            }
            Self::Move { from, to, inode } => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
            Self::Remove { path } => {
                names.remove(path);
            }
        }
    }

    fn touches(&self, dir: &Path) -> bool {
        match self {
            Self::Add { path, .. } | Self::Remove { path } => path.parent() == Some(dir),
            Self::Move { from, to, .. } => from.parent() == Some(dir) || to.parent() == Some(dir),
        }
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let inode = self
            .state()
            .all_or_nothing(|state| {
                state.need_parent(path)?;
                if state.names.contains_key(path) {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                let inode = state.inodes.len();
                state.inodes.push(Inode::default());
                state.change_name(NameChange::Add { path: path.to_path_buf(), inode });
                Ok(inode)
            })
            .map_err(file_error("create", path))?;
        Ok(Arc::new(FaultyFile { disk: self.clone(), inode, path: path.to_path_buf() }))
    }

    fn read(&self, path: &Path) -> Result<Bytes> {
        self.read_at(path, 0, usize::MAX)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> Result<Bytes> {
        self.state()
            .all_or_nothing(|state| {
                let data = &state.inodes[state.inode(path)?].data;
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
                let end = start.saturating_add(len).min(data.len());
                Ok(Bytes::copy_from_slice(&data[start..end]))
            })
            .map_err(file_error("read", path))
    }

    fn cut(&self, path: &Path, len: u64) -> Result<()> {
        self.state().cut(path, len).map_err(file_error("cut", path))
    }

    fn list(&self, dir: &Path) -> Result<Vec<DiskEntry>> {
        let list = |state: &mut State| {
            if !state.dirs.contains(dir) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let files = state.names.iter().filter(|(path, _)| path.parent() == Some(dir));
            let entries = files.filter_map(|(path, inode)| {
                let name = path.file_name()?.to_str()?.to_owned();
                Some(DiskEntry { name, bytes: state.inodes[*inode].data.len() as u64 })
            });
            Ok(entries.collect())
        };
        self.state().all_or_nothing(list).map_err(file_error("list", dir))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let rename = |state: &mut State| {
            let inode = state.inode(from)?;
            state.need_parent(to)?;
            state.change_name(NameChange::Move { from: from.to_path_buf(), to: to.to_path_buf(), inode });
            Ok(())
        };
        self.state().all_or_nothing(rename).map_err(file_error("rename", from))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let remove = |state: &mut State| {
            state.inode(path)?;
            state.change_name(NameChange::Remove { path: path.to_path_buf() });
            Ok(())
        };
        self.state().all_or_nothing(remove).map_err(file_error("remove", path))
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let sync = |state: &mut State| {
            if !state.dirs.contains(dir) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let (synced, unsynced) =
                std::mem::take(&mut state.unsynced_names).into_iter().partition(|change| change.touches(dir));
            state.unsynced_names = unsynced;
            let synced: Vec<NameChange> = synced;
            for change in synced {
                change.apply(&mut state.durable_names);
            }
            Ok(())
        };
        self.state().all_or_nothing(sync).map_err(file_error("sync", dir))
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        let create = |state: &mut State| {
            state.dirs.extend(dir.ancestors().map(Path::to_path_buf));
            Ok(())
        };
        self.state().all_or_nothing(create).map_err(file_error("create", dir))
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        self.state()
            .all_or_nothing(|state| Ok(state.room() as u64))
            .map_err(file_error("measure free space of", dir))
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>> {
        if !self.state().locks.insert(path.to_path_buf()) {
            return Err(Error::Locked { path: path.parent().unwrap_or(path).to_path_buf() });
        }
        Ok(Box::new(FaultyLock { disk: self.clone(), path: path.to_path_buf() }))
    }
}

impl DiskFile for FaultyFile {
    fn write_all(&self, bytes: &[u8]) -> Result<()> {
        self.disk.state().append(self.inode, bytes).map_err(file_error("write", &self.path))
    }

    fn sync_data(&self) -> Result<()> {
        self.disk.state().sync_data(self.inode).map_err(file_error("sync", &self.path))
    }
}

impl DiskLock for FaultyLock {}

impl Drop for FaultyLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}
