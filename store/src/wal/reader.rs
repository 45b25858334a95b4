//! Frames of a file in order; replay of all files; where a tail is torn.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::files::{FileHeader, HEADER_BYTES, OldFile, Opened};
use super::frame::{FrameHeader, NoFrame, proves_durable};
use super::{FrameHead, corrupt};
use crate::disk::Disk;
use crate::error::Result;
use crate::model::Tenant;

/// A frame, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplayFrame {
    pub(crate) sequence: u64,
    pub(crate) head: FrameHead,
    pub(crate) body: Bytes,
}

/// Gives the frames that the log held when it was opened, in order; reads one file at a time. Ends after an error.
#[derive(Debug)]
pub(crate) struct Replay {
    disk: Arc<dyn Disk>,
    files: VecDeque<OldFile>,
    current: Option<(OldFile, FileScan)>,
    published: HashMap<Tenant, u64>,
    torn_bytes: u64,
}

/// Walks through the bytes of a file.
#[derive(Debug)]
pub(super) struct FileScan {
    data: Bytes,
    salt: u64,
    offset: usize,
    next_sequence: u64,
}

/// How the newest file ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    Whole,
    /// What follows `offset` was never durable.
    Torn {
        offset: usize,
        reason: &'static str,
    },
    /// What stood at `offset` was durable, or was never written so.
    Damaged {
        offset: usize,
        reason: &'static str,
    },
}

impl Replay {
    pub(super) fn new(disk: Arc<dyn Disk>, opened: &Opened) -> Self {
        let (files, torn_bytes) = (opened.files.clone(), opened.torn_bytes);
        Self { disk, files, current: None, published: HashMap::new(), torn_bytes }
    }

    /// Checks frames of a tenant up to its sequence in `published`, and does not give them.
    pub(crate) fn pass_over(self, published: HashMap<Tenant, u64>) -> Self {
        Self { published, ..self }
    }

    /// Bytes that were cut off the newest file because they were torn.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    fn next_frame(&mut self) -> Result<Option<ReplayFrame>> {
        loop {
            if let Some((file, scan)) = &mut self.current {
                let offset = scan.offset;
                let damaged = |reason: &str| corrupt(&file.path, format!("at offset {offset}: {reason}"));
                match scan.next_frame() {
                    Ok(Some((header, _))) if is_published(&self.published, &header) => continue,
                    Ok(Some((header, payload))) => {
                        let body = header.codec.unpack(payload, header.body_bytes as usize);
                        let body = body.ok_or_else(|| damaged("the frame's payload cannot be unpacked"))?;
                        let FrameHeader { sequence, head, .. } = header;
                        return Ok(Some(ReplayFrame { sequence, head, body }));
                    }
                    Ok(None) if scan.next_sequence != file.last_sequence + 1 => {
                        return Err(damaged("frames are missing at the end"));
                    }
                    Ok(None) => self.current = None,
                    Err(NoFrame::Torn(reason) | NoFrame::Broken(reason)) => return Err(damaged(reason)),
                }
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            let data = self.disk.read(&file.path)?;
            let header = FileHeader::decode(&data, &file.path, file.header.number)?;
            self.current = Some((file, FileScan::new(data, header)));
        }
    }
}

impl Iterator for Replay {
    type Item = Result<ReplayFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.next_frame();
        if frame.is_err() {
            self.current = None;
            self.files.clear();
        }
        frame.transpose()
    }
}

fn is_published(published: &HashMap<Tenant, u64>, header: &FrameHeader) -> bool {
    published.get(&header.head.tenant).is_some_and(|last| header.sequence <= *last)
}

impl FileScan {
    /// Starts behind the header of a file.
    pub(super) fn new(data: Bytes, header: FileHeader) -> Self {
        Self { data, salt: header.salt, offset: HEADER_BYTES, next_sequence: header.first_sequence }
    }

    /// The sequence that the next frame has, or will have.
    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Walks to the end. A file that `may_be_torn` is, at its first damage, unless that was durable.
    pub(super) fn find_tail(&mut self, may_be_torn: bool) -> Tail {
        loop {
            let offset = self.offset;
            match self.next_frame() {
                Ok(Some(_)) => {}
                Ok(None) => return Tail::Whole,
                Err(NoFrame::Broken(reason)) => return Tail::Damaged { offset, reason },
                Err(NoFrame::Torn(reason)) => {
                    let rest = &self.data[offset..];
                    let damaged = !may_be_torn || proves_durable(rest, self.salt, self.next_sequence);
                    return if damaged {
                        Tail::Damaged { offset, reason }
                    } else {
                        Tail::Torn { offset, reason }
                    };
                }
            }
        }
    }

    /// The next frame's header and payload; `None` at the end. After an error it stays where it is.
    fn next_frame(&mut self) -> std::result::Result<Option<(FrameHeader, Bytes)>, NoFrame> {
        let rest = &self.data[self.offset..];
        if rest.is_empty() {
            return Ok(None);
        }
        let header = FrameHeader::decode(rest, self.salt)?;
        if header.sequence != self.next_sequence {
            return Err(NoFrame::Broken("the frame's sequence is not the next one"));
        }
        header.check_payload(rest)?;
        let range = header.payload_range();
        let payload = self.data.slice(self.offset + range.start..self.offset + range.end);
        self.offset += range.end;
        self.next_sequence += 1;
        Ok(Some((header, payload)))
    }
}
