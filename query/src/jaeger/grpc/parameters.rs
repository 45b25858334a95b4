//! What gRPC calls ask.

use prost_types::{Duration, Timestamp};
use spoor_proto::jaeger::api_v3::{GetDependenciesRequest, TraceQueryParameters};
use spoor_store::model::TimeRange;

use crate::error::{Error, Result};
use crate::jaeger::TRACES_MAX;
use crate::jaeger::question::Question;

/// Traces of a search that names no depth.
const DEPTH_DEFAULT: usize = 100;

const NANOS: i128 = 1_000_000_000;

/// Reads a search for traces.
pub(super) fn question(query: Option<TraceQueryParameters>) -> Result<Question> {
    let query = query.ok_or_else(|| Error::malformed("missing query"))?;
    if query.filter.is_some() {
        return Err(Error::malformed("structured filters are not supported"));
    }
    let (Some(start), Some(end)) = (&query.start_time_min, &query.start_time_max) else {
        return Err(Error::malformed("start time min and max are required parameters"));
    };
    let range = TimeRange { start: moment(start), end: moment(end) };
    if range.start >= range.end {
        return Err(Error::malformed("start time min must be before start time max"));
    }
    let limit = match usize::try_from(query.search_depth) {
        Ok(0) => DEPTH_DEFAULT,
        Ok(depth @ 1..=TRACES_MAX) => depth,
        Ok(_) | Err(_) => {
            return Err(Error::malformed(format!("search depth must be from 0 to {TRACES_MAX}")));
        }
    };
    Ok(Question {
        service: Some(query.service_name).filter(|name| !name.is_empty()),
        operation: Some(query.operation_name).filter(|name| !name.is_empty()),
        tags: query.attributes.into_iter().collect(),
        range,
        duration_min: query.duration_min.as_ref().map_or(0, length),
        duration_max: query.duration_max.as_ref().map_or(0, length),
        limit,
    })
}

/// Reads the time that dependencies are asked for.
pub(super) fn range(asked: &GetDependenciesRequest) -> Result<TimeRange> {
    let (Some(start), Some(end)) = (&asked.start_time, &asked.end_time) else {
        return Err(Error::malformed("start time and end time are required parameters"));
    };
    let range = TimeRange { start: moment(start), end: moment(end) };
    if range.start >= range.end {
        return Err(Error::malformed("start time must be before end time"));
    }
    Ok(range)
}

fn moment(time: &Timestamp) -> u64 {
    nanos(time.seconds, time.nanos)
}

fn length(duration: &Duration) -> u64 {
    nanos(duration.seconds, duration.nanos)
}

/// Below zero reads as zero, past what nanoseconds hold as their last.
fn nanos(seconds: i64, nanos: i32) -> u64 {
    let total = i128::from(seconds) * NANOS + i128::from(nanos);
    u64::try_from(total.max(0)).unwrap_or(u64::MAX)
}
