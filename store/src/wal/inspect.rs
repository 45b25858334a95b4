//! Looks at the log without opening it: nothing is cut, created or removed, and damage is told rather than refused.

use std::path::Path;

use super::files::FileHeader;
use super::reader::{FileScan, Tail};
use crate::disk::Disk;
use crate::error::Result;
use crate::inspect::{WalFile, WalFileState};
use crate::paths::{parse_wal_name, wal_name};

/// Every file in `dir`, oldest first; none when the folder is empty.
pub(crate) fn inspect(disk: &dyn Disk, dir: &Path) -> Result<Vec<WalFile>> {
    let entries = disk.list(dir)?.into_iter();
    let mut numbers: Vec<u64> = entries.filter_map(|entry| parse_wal_name(&entry.name)).collect();
    numbers.sort_unstable();
    let newest = numbers.last().copied();
    numbers.iter().map(|number| file(disk, dir, *number, Some(*number) == newest)).collect()
}

fn file(disk: &dyn Disk, dir: &Path, number: u64, newest: bool) -> Result<WalFile> {
    let path = dir.join(wal_name(number));
    let data = disk.read(&path)?;
    let bytes = data.len() as u64;
    let header = match FileHeader::decode(&data, &path, number) {
        Ok(header) => header,
        Err(error) => {
            let state = WalFileState::Damaged { offset: 0, reason: error.to_string() };
            return Ok(WalFile { name: wal_name(number), bytes, first_sequence: 0, frames: 0, state });
        }
    };
    let mut scan = FileScan::new(data, header);
    let state = match scan.find_tail(newest) {
        Tail::Whole => WalFileState::Whole,
        Tail::Torn { offset, reason } => {
            WalFileState::Torn { offset: offset as u64, reason: reason.to_owned() }
        }
        Tail::Damaged { offset, reason } => {
            WalFileState::Damaged { offset: offset as u64, reason: reason.to_owned() }
        }
    };
    let first_sequence = header.first_sequence;
    let frames = scan.next_sequence() - first_sequence;
    Ok(WalFile { name: wal_name(number), bytes, first_sequence, frames, state })
}
