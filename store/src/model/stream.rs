//! A stream: the resource and scope that records share; interned once, records refer to it by ordinal.

use super::value::{KeyValueRef, embedded};

/// What identifies a stream, byte for byte as received.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct StreamParts {
    /// The `Resource` message, when one was set.
    pub resource: Option<Vec<u8>>,
    /// Schema URL of the resource.
    pub resource_schema_url: String,
    /// The `InstrumentationScope` message, when one was set.
    pub scope: Option<Vec<u8>>,
    /// Schema URL of the scope.
    pub scope_schema_url: String,
}

/// One stream, with what is asked of it most read out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// What it was made from.
    pub parts: StreamParts,
    /// `service.name`, or [`UNKNOWN_SERVICE`].
    pub service: String,
    /// Name of the scope, or empty.
    pub scope_name: String,
    /// Version of the scope, or empty.
    pub scope_version: String,
}

/// Name of a service that does not tell its own, as the OpenTelemetry resource conventions have it.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// Field numbers of OTLP's `Resource` and `InstrumentationScope`.
const RESOURCE_ATTRIBUTES: u32 = 1;
const SCOPE_NAME: u32 = 1;
const SCOPE_VERSION: u32 = 2;
const SCOPE_ATTRIBUTES: u32 = 3;

impl Stream {
    /// Reads out what is asked of it most.
    pub fn new(parts: StreamParts) -> Self {
        let scope_text = |number| {
            let scope = parts.scope.as_deref().unwrap_or_default();
            let text = embedded(scope, number).last().unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        };
        let scope_name = scope_text(SCOPE_NAME);
        let scope_version = scope_text(SCOPE_VERSION);
        let mut stream = Self { parts, service: UNKNOWN_SERVICE.to_owned(), scope_name, scope_version };
        let service = stream
            .resource_attributes()
            .find(|attribute| attribute.key == "service.name")
            .and_then(|attribute| attribute.value.text().map(|text| text.into_owned()));
        if let Some(service) = service.filter(|name| !name.is_empty()) {
            stream.service = service;
        }
        stream
    }

    /// Attributes of the resource, in order.
    pub fn resource_attributes(&self) -> impl Iterator<Item = KeyValueRef<'_>> {
        let resource = self.parts.resource.as_deref().unwrap_or_default();
        embedded(resource, RESOURCE_ATTRIBUTES).map(KeyValueRef::parse)
    }

    /// Attributes of the scope, in order.
    pub fn scope_attributes(&self) -> impl Iterator<Item = KeyValueRef<'_>> {
        let scope = self.parts.scope.as_deref().unwrap_or_default();
        embedded(scope, SCOPE_ATTRIBUTES).map(KeyValueRef::parse)
    }
}
