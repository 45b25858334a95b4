//! Resource and scope: what the records under them share.

use std::borrow::Cow;

use spoor_proto::wire::{Fields, WireError};

use super::fault::{Fault, Malformed, Reason};
use super::message::join;
use super::value::{attribute, check_text, text};
use crate::correlation::{Extractor, Found};

/// The fields of a `ResourceLogs` or `ScopeSpans` beside its list; they are numbered alike.
const HEAD: u32 = 1;
/// Number of the list.
pub(super) const ITEMS: u32 = 2;
const SCHEMA_URL: u32 = 3;

/// Resource and its schema URL, or scope and its.
#[derive(Debug, Default)]
pub(super) struct Head<'a> {
    /// The message, when one was set.
    pub(super) message: Option<Cow<'a, [u8]>>,
    pub(super) schema_url: &'a str,
    /// Why no record under it can be kept.
    pub(super) rejected: Option<Reason>,
}

impl<'a> Head<'a> {
    /// Reads the head of `group`, which may stand after its items.
    pub(super) fn read(group: &'a [u8]) -> Result<Self, Malformed> {
        let mut head = Self::default();
        for field in Fields::new(group) {
            let field = field.map_err(Malformed::here)?;
            match field.number {
                HEAD => join(&mut head.message, field.bytes().map_err(Malformed::here)?),
                SCHEMA_URL => match text(field.bytes().map_err(Malformed::here)?) {
                    Ok(url) => head.schema_url = url,
                    Err(_) => head.rejected = Some(Reason::Utf8),
                },
                _ => {}
            }
        }
        Ok(head)
    }

    /// Checks the message with `check`; a fault in it rejects every record below.
    pub(super) fn check(&mut self, check: impl FnOnce(&[u8]) -> Result<(), Fault>) -> Result<(), WireError> {
        match check(self.message.as_deref().unwrap_or_default()) {
            Ok(()) => Ok(()),
            Err(Fault::Wire(error)) => Err(error),
            Err(Fault::Rejected(reason)) => {
                self.rejected = Some(reason);
                Ok(())
            }
        }
    }

    /// Bytes that a copy of it takes.
    pub(super) fn len(&self) -> usize {
        self.message.as_deref().map_or(0, <[u8]>::len) + self.schema_url.len()
    }
}

/// Checks a `Resource` and collects the ids in its attributes.
pub(super) fn resource(message: &[u8], extractor: &Extractor, found: &mut Found) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 => {
                let raw = field.bytes()?;
                extractor.attribute(attribute(raw)?, raw, found);
            }
            2 => drop(field.varint()?),
            3 => entity_ref(field.bytes()?)?,
            _ => {}
        }
    }
    Ok(())
}

/// Checks an `InstrumentationScope` and collects the ids in its attributes.
pub(super) fn scope(message: &[u8], extractor: &Extractor, found: &mut Found) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 | 2 => check_text(field.bytes()?)?,
            3 => {
                let raw = field.bytes()?;
                extractor.attribute(attribute(raw)?, raw, found);
            }
            4 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

fn entity_ref(message: &[u8]) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        if (1..=4).contains(&field.number) {
            check_text(field.bytes()?)?;
        }
    }
    Ok(())
}
