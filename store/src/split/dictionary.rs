//! A paged dictionary: byte strings by number, in zstd-compressed pages.
//!
//! | part | bytes |
//! |---|---|
//! | pages | each zstd: items one after another, each after its length (varint) |
//! | index | of each page: end of the page in the section (4), number of its first item (4) |
//! | trailer | number of pages (4), number of items (4) |
//!
//! Integers of index and trailer are little endian.

use spoor_proto::wire::put_varint;
use tantivy::directory::OwnedBytes;

use super::block::inline_items;
use super::decompressors::Decompressors;

/// Uncompressed size after which a page ends.
const PAGE_BYTES: usize = 16 << 10;
const ZSTD_LEVEL: i32 = 1;

/// A dictionary section.
pub(crate) struct PagedDictionary {
    bytes: OwnedBytes,
    pages: usize,
    items: u32,
    index_at: usize,
}

/// A page, read.
#[derive(Debug)]
pub(crate) struct Page {
    first: u32,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// Makes a section of `items` in the order of their numbers.
pub(crate) fn write<'a>(items: impl Iterator<Item = &'a [u8]>) -> std::io::Result<Vec<u8>> {
    let mut section = Vec::new();
    let mut index = Vec::new();
    let mut page = Vec::new();
    let mut first = 0_u32;
    let mut count = 0_u32;
    let mut zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
    let mut end_page = |page: &mut Vec<u8>, first: u32| -> std::io::Result<()> {
        section.extend_from_slice(&zstd.compress(page)?);
        index.extend_from_slice(&(section.len() as u32).to_le_bytes());
        index.extend_from_slice(&first.to_le_bytes());
        page.clear();
        Ok(())
    };
    for item in items {
        put_varint(&mut page, item.len() as u64);
        page.extend_from_slice(item);
        count += 1;
        if page.len() >= PAGE_BYTES {
            end_page(&mut page, first)?;
            first = count;
        }
    }
    if !page.is_empty() {
        end_page(&mut page, first)?;
    }
    let pages = (index.len() / 8) as u32;
    section.extend_from_slice(&index);
    section.extend_from_slice(&pages.to_le_bytes());
    section.extend_from_slice(&count.to_le_bytes());
    Ok(section)
}

impl PagedDictionary {
    /// Reads a section; `None` when it is not one.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let trailer_at = bytes.len().checked_sub(8)?;
        let pages = read_u32(&bytes, trailer_at)? as usize;
        let items = read_u32(&bytes, trailer_at + 4)?;
        let index_at = trailer_at.checked_sub(pages.checked_mul(8)?)?;
        Some(Self { bytes, pages, items, index_at })
    }

    /// How many pages there are.
    pub(crate) fn pages(&self) -> u32 {
        self.pages as u32
    }

    /// Which page holds item `number`.
    pub(crate) fn page_of(&self, number: u32) -> Option<u32> {
        if number >= self.items {
            return None;
        }
        let (mut low, mut high) = (0, self.pages);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if read_u32(&self.bytes, self.index_at + 8 * middle + 4)? <= number {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(low as u32)
    }

    /// Reads a page; `None` when it is damaged.
    pub(crate) fn page(&self, page: u32, zstd: &Decompressors) -> Option<Page> {
        let entry = self.index_at + 8 * page as usize;
        let start = if page == 0 { 0 } else { read_u32(&self.bytes, entry - 8)? as usize };
        let end = read_u32(&self.bytes, entry)? as usize;
        let first = read_u32(&self.bytes, entry + 4)?;
        let raw = zstd.decompress(self.bytes.get(start..end)?)?;
        let mut page = Page { first, ends: Vec::new(), bytes: Vec::with_capacity(raw.len()) };
        for item in inline_items(&raw) {
            page.bytes.extend_from_slice(item);
            page.ends.push(page.bytes.len() as u32);
        }
        Some(page)
    }
}

impl Page {
    /// Item `number`, when it is on this page.
    pub(crate) fn get(&self, number: u32) -> Option<&[u8]> {
        let index = number.checked_sub(self.first)? as usize;
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        Some(&self.bytes[start..end])
    }

    /// Its items, in the order of their numbers.
    pub(crate) fn items(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| *end as usize));
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end as usize])
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.ends.capacity() * 4 + self.bytes.capacity()
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back_over_page_borders() {
        let items: Vec<String> =
            (0..5_000).map(|n| format!("item number {n} {}", "x".repeat(n % 50))).collect();
        let section = write(items.iter().map(String::as_bytes)).expect("written");
        let dictionary = PagedDictionary::open(OwnedBytes::new(section)).expect("a section");
        let zstd = Decompressors::default();
        assert!(dictionary.pages > 3, "the test needs several pages");
        for (number, item) in items.iter().enumerate() {
            let page =
                dictionary.page(dictionary.page_of(number as u32).expect("a page"), &zstd).expect("readable");
            assert_eq!(page.get(number as u32), Some(item.as_bytes()));
        }
        assert_eq!(dictionary.page_of(5_000), None);
    }

    #[test]
    fn an_empty_dictionary_is_one() {
        let section = write(std::iter::empty()).expect("written");
        let dictionary = PagedDictionary::open(OwnedBytes::new(section)).expect("a section");
        assert_eq!((dictionary.items, dictionary.page_of(0)), (0, None));
    }
}
