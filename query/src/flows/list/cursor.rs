//! Where the next page of flows begins.
//!
//! A flow's place is when a record last carried its id, then key and id: it names no leaf, so that neither publishing nor
//! compaction moves it. What arrives while somebody pages is left to the next first page: later pages look at no record
//! past the newest of the first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use spoor_store::leaf::RecentId;
use spoor_store::model::UnixNanos;

/// What a page leaves behind for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListCursor {
    /// Time of the newest record when the first page was made.
    pub(super) until: UnixNanos,
    /// The last flow looked at.
    pub(super) last: RecentId,
}

/// The text form, before base64.
#[derive(Serialize, Deserialize)]
struct Parts(UnixNanos, UnixNanos, String, String);

impl ListCursor {
    /// The form clients carry; opaque to them.
    pub(super) fn encode(&self) -> serde_json::Result<String> {
        let RecentId { time, key, id } = self.last.clone();
        serde_json::to_vec(&Parts(self.until, time, key, id)).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads back what [`Self::encode`] wrote.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let Parts(until, time, key, id) = serde_json::from_slice(&bytes).ok()?;
        (time <= until).then_some(Self { until, last: RecentId { time, key, id } })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_form_reads_back(until: u64, time: u64, key in ".{0,20}", id in ".{0,40}") {
            let last = RecentId { time: time.min(until), key, id };
            let cursor = ListCursor { until, last };
            let text = cursor.encode().expect("written");
            prop_assert_eq!(ListCursor::decode(&text), Some(cursor));
        }

        #[test]
        fn anything_else_is_refused(text in "\\PC{0,60}") {
            prop_assert_eq!(ListCursor::decode(&text), None);
        }
    }
}
