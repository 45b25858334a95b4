//! The decoder as the store sees it, at ingest and at replay.

use std::sync::Arc;

use bytes::Bytes;
use spoor_store::Decoder;
use spoor_store::model::{Batch, BatchBuilder, Signal, Tenant, UnixNanos};

use super::limits::Limits;
use super::request::{Job, decode};
use super::{Malformed, Tally};
use crate::correlation::{CorrelationConfig, Extractor};
use crate::error::Result;

/// Turns OTLP requests into batches; cheap to clone.
#[derive(Debug, Clone)]
pub struct OtlpDecoder {
    extractor: Arc<Extractor>,
}

impl OtlpDecoder {
    /// Prepares the extraction rules.
    ///
    /// # Errors
    /// [`crate::Error::Correlation`] names the rule that is wrong.
    pub fn new(correlation: &CorrelationConfig) -> Result<Self> {
        Ok(Self { extractor: Arc::new(Extractor::new(correlation)?) })
    }

    /// Decodes a request; the batch keeps its bytes.
    pub(crate) fn batch(
        &self,
        tenant: Tenant,
        signal: Signal,
        arrival: UnixNanos,
        bytes: Bytes,
    ) -> std::result::Result<(Batch, Tally), Malformed> {
        let job = Job { signal, arrival, extractor: &self.extractor, limits: Limits::STANDARD };
        let mut builder = BatchBuilder::new(tenant, signal, arrival, bytes.clone());
        let tally = decode(&bytes, &job, &mut builder)?;
        Ok((builder.finish(), tally))
    }
}

impl Decoder for OtlpDecoder {
    fn decode(
        &self,
        tenant: Tenant,
        signal: Signal,
        arrival: UnixNanos,
        bytes: Bytes,
    ) -> std::result::Result<Batch, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.batch(tenant, signal, arrival, bytes)?.0)
    }
}
