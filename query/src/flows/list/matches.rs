//! A query that few records satisfy: their flows are looked for from those records, not among the recent ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use spoor_store::leaf::RecentId;
use spoor_store::model::Record;

use super::examine::{Examiner, Matched};
use crate::error::Result;
use crate::flows::closure::{Bounds, Closure};

/// Records of one query that their flows are gathered from; of more, the recent flows are looked through.
const MATCHES_MAX: usize = 1_000;

/// Every id under one of `keys` whose flow holds a record that satisfies the query, in their order; `None` when there
/// are too many to say so. At most `ids_max`.
///
/// What joins a record to a flow joins the flow to the record: the ids on the traces that links join to its own.
pub(super) async fn ids_of_matches(
    examiner: &Examiner<'_>,
    matched: &Arc<Matched>,
    keys: &BTreeSet<String>,
    ids_max: usize,
) -> Result<Option<Vec<RecentId>>> {
    let matches: usize = matched.values().map(spoor_store::leaf::DocSet::len).sum();
    if matches > MATCHES_MAX {
        return Ok(None);
    }
    let config = examiner.engine.config();
    let bounds = Bounds { traces_max: config.traces_per_flow_max, records_max: config.flow_records_max };
    let closure = Closure::new(examiner.run, examiner.leaves, bounds);
    let Some(gathered) = closure.around(Arc::clone(matched)).await? else { return Ok(None) };
    let pairs: BTreeSet<(String, String)> = gathered
        .records
        .iter()
        .flat_map(|record| &record.correlations)
        .filter(|(key, _)| keys.contains(key))
        .cloned()
        .collect();
    examiner.run.release(gathered.records.iter().map(Record::memory).sum());
    if gathered.truncated.is_some() || pairs.len() > ids_max {
        return Ok(None);
    }
    let mut ids = Vec::new();
    for (key, id) in pairs {
        let found = RecentId { time: 0, key, id };
        if let Some(time) = examiner.newest(&found).await? {
            ids.push(RecentId { time, ..found });
        }
    }
    ids.sort();
    Ok(Some(ids))
}
