//! A file's header, and which files there are when the log is opened.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::corrupt;
use super::frame::field;
use super::reader::{FileScan, Tail};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::paths::{parse_wal_name, wal_name};

pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 48;
const MAGIC: [u8; 8] = *b"spoorwal";

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) number: u64,
    pub(super) first_sequence: u64,
    pub(super) previous_sequence: u64,
    pub(super) salt: u64,
}

/// A file that will not be appended to.
#[derive(Debug, Clone)]
pub(super) struct OldFile {
    pub(super) path: PathBuf,
    pub(super) header: FileHeader,
    pub(super) last_sequence: u64,
    pub(super) bytes: u64,
}

/// The log as it was found, its tail cut.
#[derive(Debug)]
pub(super) struct Opened {
    /// Oldest first; each holds at least one frame, all durable.
    pub(super) files: VecDeque<OldFile>,
    /// Number for the next file.
    pub(super) next_number: u64,
    /// At least one more than any sequence found.
    pub(super) next_sequence: u64,
    /// Bytes cut off the newest file.
    pub(super) torn_bytes: u64,
}

impl FileHeader {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[16..24].copy_from_slice(&self.number.to_le_bytes());
        header[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        header[32..40].copy_from_slice(&self.previous_sequence.to_le_bytes());
        header[40..48].copy_from_slice(&self.salt.to_le_bytes());
        let crc = header_crc(&header);
        header[12..16].copy_from_slice(&crc.to_le_bytes());
        header
    }

    /// Reads the header of the file at `path`, which must have this `number`.
    pub(super) fn decode(bytes: &[u8], path: &Path, number: u64) -> Result<Self> {
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(corrupt(path, "the file header is cut off".to_owned()));
        };
        if bytes[..8] != MAGIC {
            return Err(corrupt(path, "it does not start as a write-ahead log file does".to_owned()));
        }
        let version = u32::from_le_bytes(field(bytes, 8));
        if version != VERSION {
            return Err(Error::Version { path: path.to_path_buf(), found: version, known: VERSION });
        }
        if u32::from_le_bytes(field(bytes, 12)) != header_crc(bytes) {
            return Err(corrupt(path, "the file header's checksum is wrong".to_owned()));
        }
        let header = Self {
            number: u64::from_le_bytes(field(bytes, 16)),
            first_sequence: u64::from_le_bytes(field(bytes, 24)),
            previous_sequence: u64::from_le_bytes(field(bytes, 32)),
            salt: u64::from_le_bytes(field(bytes, 40)),
        };
        if header.number != number {
            return Err(corrupt(path, format!("its header says that it is file {}", header.number)));
        }
        Ok(header)
    }
}

/// Finds the files in `dir`, checks that none is missing, and repairs the newest.
pub(super) fn open(disk: &dyn Disk, dir: &Path) -> Result<Opened> {
    let entries = disk.list(dir)?.into_iter();
    let mut found: Vec<(u64, u64)> =
        entries.filter_map(|entry| Some((parse_wal_name(&entry.name)?, entry.bytes))).collect();
    found.sort_unstable();
    for pair in found.windows(2) {
        let expected = pair[0].0 + 1;
        if pair[1].0 != expected {
            return Err(corrupt(dir, format!("file {} is missing", wal_name(expected))));
        }
    }
    let mut opened = Opened { files: VecDeque::new(), next_number: 1, next_sequence: 1, torn_bytes: 0 };
    let mut may_be_torn = true;
    while let Some((number, _)) = found.pop() {
        let repaired = repair(disk, dir, number, may_be_torn, &mut opened)?;
        // The file before was synced whole before this one was created.
        may_be_torn = false;
        if let Some(newest) = repaired {
            opened.next_number = number + 1;
            opened.files.push_back(newest);
            break;
        }
        opened.next_number = number;
    }
    add_older(disk, dir, &found, &mut opened.files)?;
    Ok(opened)
}

/// Reads the newest file: cuts its tail if that is torn, syncs it, and removes it when no frame is left.
fn repair(
    disk: &dyn Disk,
    dir: &Path,
    number: u64,
    may_be_torn: bool,
    opened: &mut Opened,
) -> Result<Option<OldFile>> {
    let path = dir.join(wal_name(number));
    let data = disk.read(&path)?;
    let header = match FileHeader::decode(&data, &path, number) {
        Ok(header) => header,
        // Frames follow only a header that was synced.
        Err(Error::Corrupt { .. }) if may_be_torn && data.len() <= HEADER_BYTES => {
            opened.torn_bytes += data.len() as u64;
            return remove_empty(disk, dir, &path);
        }
        Err(error) => return Err(error),
    };
    let mut scan = FileScan::new(data.clone(), header);
    let whole_bytes = match scan.find_tail(may_be_torn) {
        Tail::Whole => data.len(),
        Tail::Torn { offset, reason } => {
            let cut = data.len() - offset;
            tracing::warn!(file = %path.display(), offset, bytes = cut, reason, "cut the torn tail of the write-ahead log");
            opened.torn_bytes += cut as u64;
            offset
        }
        Tail::Damaged { offset, reason } => {
            return Err(corrupt(&path, format!("at offset {offset}: {reason}")));
        }
    };
    opened.next_sequence = opened.next_sequence.max(scan.next_sequence());
    if whole_bytes == HEADER_BYTES {
        return remove_empty(disk, dir, &path);
    }
    // Also when nothing is torn: a killed process leaves frames that were written and not synced.
    disk.cut(&path, whole_bytes as u64)?;
    Ok(Some(OldFile { path, header, last_sequence: scan.next_sequence() - 1, bytes: whole_bytes as u64 }))
}

fn remove_empty(disk: &dyn Disk, dir: &Path, path: &Path) -> Result<Option<OldFile>> {
    disk.remove(path)?;
    disk.sync_dir(dir)?;
    Ok(None)
}

/// Adds the files before the newest; what the last frame of each is, the header of the next one tells.
fn add_older(disk: &dyn Disk, dir: &Path, older: &[(u64, u64)], files: &mut VecDeque<OldFile>) -> Result<()> {
    for &(number, bytes) in older.iter().rev() {
        let path = dir.join(wal_name(number));
        let start = disk.read_at(&path, 0, HEADER_BYTES)?;
        let header = FileHeader::decode(&start, &path, number)?;
        let last_sequence = files.front().map_or(0, |next| next.header.previous_sequence);
        files.push_front(OldFile { path, header, last_sequence, bytes });
    }
    Ok(())
}

fn header_crc(header: &[u8; HEADER_BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..12]);
    hasher.update(&header[16..]);
    hasher.finalize()
}
