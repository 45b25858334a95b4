//! The split file as a container: named sections and a footer.
//!
//! | part | bytes |
//! |---|---|
//! | sections | as written, without padding |
//! | footer | number of sections (varint), then of each: name length (varint), name, offset (varint), length (varint), CRC-32 (4, little endian) |
//! | trailer | footer length (4), CRC-32 of the footer (4), format version (4), magic `SPOORSPL` (8); little endian |

use std::collections::BTreeMap;
use std::path::Path;

use spoor_proto::wire::{put_varint, varint};
use tantivy::directory::OwnedBytes;

use crate::error::{Error, Result};

/// Version of the whole format, sections included.
pub(crate) const FORMAT_VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"SPOORSPL";
const TRAILER: usize = 20;

/// Writes the container.
#[derive(Default)]
pub(crate) struct FileWriter {
    bytes: Vec<u8>,
    sections: Vec<(String, usize, usize)>,
}

/// A split file, its footer read.
pub(crate) struct SplitFile {
    sections: BTreeMap<String, (OwnedBytes, u32)>,
}

impl FileWriter {
    /// Starts a file that will hardly be larger than `capacity`: growing on the way would copy it, and hold it twice.
    /// What is not written is address space only.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), sections: Vec::new() }
    }

    /// Adds a section.
    pub(crate) fn section(&mut self, name: &str, bytes: &[u8]) {
        self.sections.push((name.to_owned(), self.bytes.len(), bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds the section that `write` appends.
    pub(crate) fn section_by<E>(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Vec<u8>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        self.sections.push((name.to_owned(), start, self.bytes.len() - start));
        Ok(())
    }

    /// The whole file.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let mut footer = Vec::new();
        put_varint(&mut footer, self.sections.len() as u64);
        for (name, offset, len) in &self.sections {
            put_varint(&mut footer, name.len() as u64);
            footer.extend_from_slice(name.as_bytes());
            put_varint(&mut footer, *offset as u64);
            put_varint(&mut footer, *len as u64);
            footer.extend_from_slice(&crc32fast::hash(&self.bytes[*offset..offset + len]).to_le_bytes());
        }
        let checksum = crc32fast::hash(&footer);
        self.bytes.extend_from_slice(&footer);
        self.bytes.extend_from_slice(&(footer.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&checksum.to_le_bytes());
        self.bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        self.bytes.extend_from_slice(MAGIC);
        self.bytes
    }
}

impl SplitFile {
    /// Reads the footer of a file; its sections are not read yet. `path` is for errors.
    pub(crate) fn open(bytes: OwnedBytes, path: &Path) -> Result<Self> {
        let corrupt = |reason: &str| Error::Corrupt { path: path.to_owned(), reason: reason.to_owned() };
        let trailer_at = bytes.len().checked_sub(TRAILER).ok_or_else(|| corrupt("shorter than a trailer"))?;
        let trailer = bytes.slice(trailer_at..bytes.len());
        if &trailer[12..] != MAGIC {
            return Err(corrupt("is not a split file"));
        }
        let number =
            |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
        if number(8) > FORMAT_VERSION {
            return Err(Error::Version { path: path.to_owned(), found: number(8), known: FORMAT_VERSION });
        }
        let footer_at = trailer_at
            .checked_sub(number(0) as usize)
            .ok_or_else(|| corrupt("footer is longer than the file"))?;
        let footer = bytes.slice(footer_at..trailer_at);
        if crc32fast::hash(&footer) != number(4) {
            return Err(corrupt("footer checksum does not match"));
        }
        let sections =
            read_footer(&bytes, &footer, footer_at).ok_or_else(|| corrupt("footer is malformed"))?;
        Ok(Self { sections })
    }

    /// A section, unchecked; `None` when there is none of that name.
    pub(crate) fn section(&self, name: &str) -> Option<OwnedBytes> {
        self.sections.get(name).map(|(bytes, _)| bytes.clone())
    }

    /// Every section whose name begins with `prefix`, without it.
    pub(crate) fn sections_under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, OwnedBytes)> {
        self.sections
            .iter()
            .filter_map(move |(name, (bytes, _))| Some((name.strip_prefix(prefix)?, bytes.clone())))
    }

    /// Reads all of the file and names the first section whose checksum does not match.
    pub(crate) fn verify(&self) -> std::result::Result<(), String> {
        for (name, (bytes, checksum)) in &self.sections {
            if crc32fast::hash(bytes) != *checksum {
                return Err(format!("checksum of section {name} does not match"));
            }
        }
        Ok(())
    }

    /// Name and length of every section.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections.iter().map(|(name, (bytes, _))| (name.as_str(), bytes.len()))
    }
}

fn read_footer(
    file: &OwnedBytes,
    mut footer: &[u8],
    end: usize,
) -> Option<BTreeMap<String, (OwnedBytes, u32)>> {
    let mut sections = BTreeMap::new();
    for _ in 0..varint(&mut footer).ok()? {
        let name_len = varint(&mut footer).ok()? as usize;
        let (name, rest) = footer.split_at_checked(name_len)?;
        footer = rest;
        let offset = varint(&mut footer).ok()? as usize;
        let len = varint(&mut footer).ok()? as usize;
        let (checksum, rest) = footer.split_first_chunk::<4>()?;
        footer = rest;
        let section_end = offset.checked_add(len).filter(|section_end| *section_end <= end)?;
        let section = (file.slice(offset..section_end), u32::from_le_bytes(*checksum));
        sections.insert(std::str::from_utf8(name).ok()?.to_owned(), section);
    }
    Some(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut writer = FileWriter::default();
        writer.section("a", b"first");
        writer.section("index/b", b"");
        writer.finish()
    }

    #[test]
    fn the_container_has_these_bytes() {
        let hex: String = sample().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "6669727374020161000557ee719207696e6465782f62050000000000\
             17000000477985b9010000005350 4f4f5253504c"
                .replace(' ', "")
        );
    }

    #[test]
    fn every_flipped_footer_byte_and_every_cut_is_noticed() {
        let good = sample();
        assert!(SplitFile::open(OwnedBytes::new(good.clone()), Path::new("x")).is_ok());
        for at in 5..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert!(SplitFile::open(OwnedBytes::new(bad), Path::new("x")).is_err(), "flip at {at}");
            assert!(
                SplitFile::open(OwnedBytes::new(good[..at].to_vec()), Path::new("x")).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn verify_names_the_damaged_section() {
        let mut bytes = sample();
        bytes[0] ^= 1;
        let file = SplitFile::open(OwnedBytes::new(bytes), Path::new("x")).expect("footer is whole");
        assert_eq!(file.verify(), Err("checksum of section a does not match".to_owned()));
    }
}
