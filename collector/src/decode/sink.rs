//! Where decoded records go.

use spoor_store::model::{BatchBuilder, Row, StreamParts};

/// Takes the records of one request, in order.
pub(crate) trait RecordSink {
    /// Announces the resource and scope of the rows to come; returns the number their rows carry.
    fn stream(&mut self, parts: StreamParts) -> u32;

    /// Takes one record; everything borrowed is gone afterwards.
    fn row(&mut self, row: &Row<'_>);
}

impl RecordSink for BatchBuilder {
    fn stream(&mut self, parts: StreamParts) -> u32 {
        BatchBuilder::stream(self, parts)
    }

    #[inline]
    fn row(&mut self, row: &Row<'_>) {
        BatchBuilder::row(self, row);
    }
}
