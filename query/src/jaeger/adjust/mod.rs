//! What a read that is not raw mends: order, duplicates, shared span ids, addresses as numbers, attributes of the
//! instrumentation library on spans, links to nothing. Times stay as they came: clock skew is not adjusted.

mod attributes;
mod spans;
#[cfg(test)]
mod tests;

use super::trace::Trace;

/// Mends `trace`. Duplicates go before ids are made unique: a span that was sent twice is one span.
pub(crate) fn adjust(trace: &mut Trace) {
    attributes::sort(trace);
    spans::remove_duplicates(trace);
    spans::make_ids_unique(trace);
    attributes::write_addresses(trace);
    attributes::move_library(trace);
    spans::remove_empty_links(trace);
    trace.sort();
}
