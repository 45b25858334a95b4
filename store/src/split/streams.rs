//! The streams of a split, with what each has: zstd of, for each stream, four parts and three counts.
//!
//! A part is 0 when absent, else its length + 1 (varint) and its bytes; in the order resource, resource schema URL,
//! scope, scope schema URL. Counts are varints: spans, log records, errors.

use std::sync::Arc;

use spoor_proto::wire::{put_varint, varint};

use crate::columns::scan::Counts;
use crate::model::{Stream, StreamParts};

const ZSTD_LEVEL: i32 = 3;

/// Makes a section.
pub(crate) fn write(streams: &[Arc<Stream>], counts: &[Counts]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    put_varint(&mut plain, streams.len() as u64);
    for (stream, counts) in streams.iter().zip(counts) {
        let parts = &stream.parts;
        put_part(&mut plain, parts.resource.as_deref());
        put_part(&mut plain, Some(parts.resource_schema_url.as_bytes()));
        put_part(&mut plain, parts.scope.as_deref());
        put_part(&mut plain, Some(parts.scope_schema_url.as_bytes()));
        for count in [counts.spans, counts.logs, counts.errors] {
            put_varint(&mut plain, count);
        }
    }
    zstd::bulk::compress(&plain, ZSTD_LEVEL)
}

/// Reads a section; `None` when it is not one.
pub(crate) fn read(section: &[u8]) -> Option<Vec<(Arc<Stream>, Counts)>> {
    let size = zstd::zstd_safe::get_frame_content_size(section).ok()??;
    let plain = zstd::bulk::decompress(section, usize::try_from(size).ok()?).ok()?;
    let mut rest = plain.as_slice();
    let mut streams = Vec::new();
    for _ in 0..varint(&mut rest).ok()? {
        let parts = StreamParts {
            resource: take_part(&mut rest)?,
            resource_schema_url: String::from_utf8(take_part(&mut rest)?.unwrap_or_default()).ok()?,
            scope: take_part(&mut rest)?,
            scope_schema_url: String::from_utf8(take_part(&mut rest)?.unwrap_or_default()).ok()?,
        };
        let mut count = || varint(&mut rest).ok();
        let counts = Counts { spans: count()?, logs: count()?, errors: count()? };
        streams.push((Arc::new(Stream::new(parts)), counts));
    }
    Some(streams)
}

fn put_part(out: &mut Vec<u8>, part: Option<&[u8]>) {
    put_varint(out, part.map_or(0, |part| part.len() as u64 + 1));
    out.extend_from_slice(part.unwrap_or_default());
}

fn take_part(rest: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let Some(len) = varint(rest).ok()?.checked_sub(1) else { return Some(None) };
    let (part, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *rest = after;
    Some(Some(part.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_read_back_with_absent_and_empty_told_apart() {
        let parts = |resource: Option<Vec<u8>>, scope: Option<Vec<u8>>| StreamParts {
            resource,
            resource_schema_url: "https://x/1".into(),
            scope,
            scope_schema_url: String::new(),
        };
        let streams: Vec<_> = [parts(None, Some(vec![])), parts(Some(vec![1, 2]), None)]
            .into_iter()
            .map(|parts| Arc::new(Stream::new(parts)))
            .collect();
        let counts = [Counts { spans: 1, logs: 2, errors: 3 }, Counts::default()];
        let read = read(&write(&streams, &counts).expect("written")).expect("a section");
        assert_eq!(read, streams.into_iter().zip(counts).collect::<Vec<_>>());
    }
}
