//! What `/api/traces` is asked, and how it refuses.

use std::collections::BTreeMap;

use spoor_store::model::TimeRange;

use crate::error::{Error, Result};
use crate::jaeger::question::Question;
use crate::jaeger::request::Params;
use crate::jaeger::{TRACES_MAX, go};

/// Traces of a search that names no limit.
const LIMIT_DEFAULT: usize = 100;

/// How far a search looks back that names no start.
const LOOKBACK_NANOS: u64 = 2 * 86_400_000_000_000;

/// Reads a search for traces; `now` is where one ends that names no end.
pub(super) fn question(params: &Params, now: u64) -> Result<Question> {
    let start = params.micros("start")?.unwrap_or(now.saturating_sub(LOOKBACK_NANOS));
    let end = params.micros("end")?.unwrap_or(now);
    let tags = tags(params)?;
    let limit = limit(params)?;
    let duration_min = params.classic("minDuration", go::duration)?.unwrap_or(0);
    let duration_max = params.classic("maxDuration", go::duration)?.unwrap_or(0);
    let service = params.first("service").map(str::to_owned);
    if service.is_none() {
        return Err(Error::malformed("parameter 'service' is required"));
    }
    if start > end {
        return Err(Error::malformed("invalid parameter: start time must be before end time"));
    }
    if duration_min != 0 && duration_max != 0 && duration_max < duration_min {
        return Err(Error::malformed("'maxDuration' should be greater than 'minDuration'"));
    }
    Ok(Question {
        service,
        operation: params.first("operation").map(str::to_owned),
        tags,
        // A microsecond is as fine as the caller can say: all of the last one is meant.
        range: TimeRange { start, end: end.saturating_add(999) },
        duration_min,
        duration_max,
        limit,
    })
}

fn limit(params: &Params) -> Result<usize> {
    let Some(text) = params.first("limit") else { return Ok(LIMIT_DEFAULT) };
    let limit = go::integer(text, 32).map_err(Error::malformed)?;
    match usize::try_from(limit) {
        Ok(limit @ 1..=TRACES_MAX) => Ok(limit),
        Ok(0) | Err(_) => Err(Error::malformed("invalid parameter: limit must be greater than 0")),
        Ok(_) => Err(Error::malformed(format!("invalid parameter: limit must be at most {TRACES_MAX}"))),
    }
}

/// `tag=key:value` and `tags={"key":"value"}`, each as often as wanted.
fn tags(params: &Params) -> Result<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    for tag in params.all("tag") {
        let wrong =
            || Error::malformed(format!("malformed 'tag' parameter, expecting key:value, received: {tag}"));
        let (key, value) = tag.split_once(':').ok_or_else(wrong)?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    for object in params.all("tags") {
        let wrong =
            |why| Error::malformed(format!("malformed 'tags' parameter, cannot unmarshal JSON: {why}"));
        let read: Option<BTreeMap<String, String>> = serde_json::from_str(object).map_err(wrong)?;
        tags.extend(read.unwrap_or_default());
    }
    Ok(tags)
}
