//! Appends frames; starts a new file when one is full; lets go of old ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{FileHeader, HEADER_BYTES, OldFile, Opened};
use super::syncer::{Shared, WalSyncer};
use super::{FrameHead, Payload, WalConfig, frame};
use crate::disk::{Disk, DiskFile};
use crate::error::Result;
use crate::paths::wal_name;

/// A buffer that has reached this is written out without being asked.
const BUFFER_BYTES_MAX: usize = 4 << 20;

/// The one who appends.
#[derive(Debug)]
pub(crate) struct WalWriter {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    file_bytes_max: u64,
    file: Arc<dyn DiskFile>,
    header: FileHeader,
    path: PathBuf,
    /// Bytes of the current file, those in the buffer included.
    file_bytes: u64,
    /// Whole frames that are not written yet.
    buffer: Vec<u8>,
    next_sequence: u64,
}

impl WalWriter {
    /// Starts a new file behind those that were found.
    pub(super) fn start(
        disk: Arc<dyn Disk>,
        dir: &Path,
        config: WalConfig,
        opened: Opened,
        next_sequence: u64,
    ) -> Result<Self> {
        let previous_sequence = opened.files.back().map_or(0, |file| file.last_sequence);
        let header = new_header(opened.next_number, next_sequence, previous_sequence);
        let (path, file) = create(&*disk, dir, &header)?;
        let shared = Shared::new(Arc::clone(&disk), dir, Arc::clone(&file), opened.files, next_sequence - 1);
        shared.add_bytes(HEADER_BYTES as u64);
        Ok(Self {
            shared: Arc::new(shared),
            disk,
            dir: dir.to_path_buf(),
            file_bytes_max: config.file_bytes,
            file,
            header,
            path,
            file_bytes: HEADER_BYTES as u64,
            buffer: Vec::new(),
            next_sequence,
        })
    }

    /// Takes a frame into the buffer and gives it a sequence; [`flush`](Self::flush) writes it.
    ///
    /// A full file is synced here, which blocks. After a failure this, and every sync, fails with
    /// [`crate::Error::WalStopped`].
    pub(crate) fn buffer(&mut self, head: &FrameHead, payload: &Payload) -> Result<u64> {
        self.shared.check_running()?;
        let frame_bytes = frame::encoded_bytes(head, payload) as u64;
        if self.holds_frames() && self.file_bytes + frame_bytes > self.file_bytes_max {
            self.roll()?;
        }
        let sequence = self.next_sequence;
        let numbers = (sequence, self.shared.durable());
        frame::encode(&mut self.buffer, self.header.salt, head, payload, numbers);
        self.next_sequence += 1;
        self.file_bytes += frame_bytes;
        if self.buffer.len() >= BUFFER_BYTES_MAX {
            self.flush()?;
        }
        Ok(sequence)
    }

    /// Writes what is buffered, with one call.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return self.shared.check_running();
        }
        self.shared.check_running()?;
        self.file.write_all(&self.buffer).map_err(|error| self.shared.stop(error))?;
        self.shared.add_bytes(self.buffer.len() as u64);
        self.shared.wrote(self.next_sequence - 1);
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES_MAX);
        Ok(())
    }

    /// The sequence that the next frame will have.
    #[cfg(test)]
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// A handle to sync with.
    pub(crate) fn syncer(&self) -> WalSyncer {
        WalSyncer { shared: Arc::clone(&self.shared) }
    }

    /// Removes every file: all frames so far are kept elsewhere. Blocks.
    ///
    /// After an error some may be left; the next call tries again.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.shared.check_running()?;
        if self.holds_frames() {
            self.roll()?;
        }
        self.shared.truncate(self.next_sequence - 1)
    }

    fn holds_frames(&self) -> bool {
        self.next_sequence > self.header.first_sequence
    }

    /// Syncs the current file whole, then starts the next one.
    fn roll(&mut self) -> Result<()> {
        self.flush()?;
        self.shared.sync_file(&*self.file)?;
        let last_sequence = self.next_sequence - 1;
        let header = new_header(self.header.number + 1, self.next_sequence, last_sequence);
        let (path, file) =
            create(&*self.disk, &self.dir, &header).map_err(|error| self.shared.stop(error))?;
        let full = OldFile {
            path: std::mem::replace(&mut self.path, path),
            header: self.header,
            last_sequence,
            bytes: self.file_bytes,
        };
        self.shared.rolled(full, Arc::clone(&file));
        self.shared.add_bytes(HEADER_BYTES as u64);
        self.file = file;
        self.header = header;
        self.file_bytes = HEADER_BYTES as u64;
        Ok(())
    }
}

fn new_header(number: u64, first_sequence: u64, previous_sequence: u64) -> FileHeader {
    let salt = uuid::Uuid::now_v7().as_u64_pair().1;
    FileHeader { number, first_sequence, previous_sequence, salt }
}

/// Creates a file that holds a header, durably.
fn create(disk: &dyn Disk, dir: &Path, header: &FileHeader) -> Result<(PathBuf, Arc<dyn DiskFile>)> {
    let path = dir.join(wal_name(header.number));
    let file = disk.create(&path)?;
    file.write_all(&header.encode())?;
    file.sync_data()?;
    disk.sync_dir(dir)?;
    Ok((path, file))
}
