//! A payload made plain: decompressed with a cap, JSON turned into protobuf. The only decompressor.

use std::io::Read;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Export, json};
use crate::admission::{Permit, UsedUp};
use crate::outcome::{RETRY_AFTER, Refusal};

/// Output room that decompression asks for at first; it doubles from there.
const CHUNK: usize = 64 << 10;
/// Largest window a zstd frame may ask for, as a power of two; RFC 9659 sets it for HTTP.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a payload is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
    Deflate,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) encoding: Encoding,
    pub(crate) format: Format,
    pub(crate) bytes: Bytes,
}

impl Encoding {
    /// Reads `Content-Encoding` or `grpc-encoding`.
    ///
    /// # Errors
    /// [`Refusal::UnknownEncoding`] for any but one known encoding.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Self, Refusal> {
        let mut values = headers.get_all(name).iter();
        let text = match (values.next(), values.next()) {
            (None, _) => return Ok(Self::Identity),
            (Some(value), None) => value.to_str().unwrap_or("?"),
            (Some(_), Some(_)) => "more than one",
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "deflate" => Ok(Self::Deflate),
            _ => Err(Refusal::UnknownEncoding(format!(
                "{name} {text:?} is not supported; send gzip, zstd, deflate or none"
            ))),
        }
    }
}

impl Format {
    /// Reads `Content-Type`; parameters such as a character set do not matter.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] for any other type.
    pub(crate) fn of(content_type: Option<&HeaderValue>) -> Result<Self, Refusal> {
        let text = content_type.map(|value| value.to_str().unwrap_or("?"));
        let essence = text.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        match essence.as_deref() {
            Some("application/x-protobuf") => Ok(Self::Protobuf),
            Some("application/json") => Ok(Self::Json),
            _ => Err(Refusal::Unsupported(format!(
                "Content-Type must be application/x-protobuf or application/json (got {})",
                text.unwrap_or("none")
            ))),
        }
    }

    /// The content type of answers.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

impl Payload {
    /// Makes it protobuf of at most `bytes_max` bytes, held by `permit` instead of the bytes as they came.
    pub(crate) fn plain(
        self,
        export: Export,
        bytes_max: usize,
        permit: &mut Permit,
    ) -> Result<Bytes, Refusal> {
        let wire_bytes = self.bytes.len();
        let plain = match self.encoding {
            Encoding::Identity => self.bytes,
            encoding => {
                let inflated = inflate(encoding, &self.bytes, bytes_max, permit)?;
                drop(self.bytes);
                permit.shrink(wire_bytes);
                inflated.into()
            }
        };
        if plain.len() > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        if self.format == Format::Protobuf {
            return Ok(plain);
        }
        let schema = match export {
            Export::Logs => &json::LOGS,
            Export::Traces => &json::TRACES,
            Export::Metrics => &json::METRICS,
        };
        // The protobuf form is never longer than the JSON form.
        permit.grow(plain.len()).map_err(used_up)?;
        let protobuf =
            json::to_protobuf(&plain, schema).map_err(|error| Refusal::Invalid(error.to_string()))?;
        permit.shrink(plain.len());
        Ok(protobuf.into())
    }
}

fn used_up(_: UsedUp) -> Refusal {
    Refusal::Throttled { budget: "memory in flight".to_owned(), retry_after: RETRY_AFTER }
}

/// Decompresses, and stops at the first byte past `bytes_max`; `permit` grows with the output.
fn inflate(
    encoding: Encoding,
    bytes: &[u8],
    bytes_max: usize,
    permit: &mut Permit,
) -> Result<Vec<u8>, Refusal> {
    match encoding {
        Encoding::Identity => Ok(bytes.to_vec()),
        Encoding::Gzip => read_capped(flate2::read::MultiGzDecoder::new(bytes), bytes_max, permit),
        Encoding::Deflate => read_capped(flate2::read::ZlibDecoder::new(bytes), bytes_max, permit),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).map_err(broken)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(broken)?;
            read_capped(decoder, bytes_max, permit)
        }
    }
}

fn read_capped(mut reader: impl Read, bytes_max: usize, permit: &mut Permit) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    let mut filled = 0;
    loop {
        if filled == out.len() {
            if filled > bytes_max {
                return Err(Refusal::TooLarge { bytes_max });
            }
            let more = out.len().max(CHUNK).min(bytes_max + 1 - filled);
            permit.grow(more).map_err(used_up)?;
            out.resize(filled + more, 0);
        }
        match reader.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error)),
        }
    }
    permit.shrink(out.len() - filled);
    out.truncate(filled);
    Ok(out)
}

fn broken(error: std::io::Error) -> Refusal {
    Refusal::Invalid(format!("failed to decompress the request: {error}"))
}
