//! What `/api/v3/traces`, `/api/v3/trace-summaries` and `/api/v3/dependencies` are asked: names in camelCase, or in the older snake_case.

use std::collections::BTreeMap;

use spoor_store::model::TimeRange;

use crate::error::{Error, Result};
use crate::jaeger::question::Question;
use crate::jaeger::request::Params;
use crate::jaeger::{TRACES_MAX, go};

/// Traces of a search that names no depth.
const DEPTH_DEFAULT: usize = 100;

/// Reads a search for traces.
pub(super) fn question(params: &Params) -> Result<Question> {
    if params.first("query.filter").is_some() {
        return Err(Error::malformed(
            "malformed parameter query.filter: structured filters are not supported",
        ));
    }
    let either = |names: &[&'static str]| params.either(names).map(|(_, value)| value.to_owned());
    let start = params.v3(&["query.startTimeMin", "query.start_time_min"], go::time)?;
    let end = params.v3(&["query.startTimeMax", "query.start_time_max"], go::time)?;
    let (Some(start), Some(end)) = (start, end) else {
        return Err(Error::malformed("query.startTimeMin and query.startTimeMax are required"));
    };
    if start >= end {
        return Err(Error::malformed("query.startTimeMin must be before query.startTimeMax"));
    }
    let depth = params.v3(&["query.searchDepth", "query.search_depth", "query.num_traces"], depth)?;
    let duration_min = params.v3(&["query.durationMin", "query.duration_min"], go::duration)?.unwrap_or(0);
    let duration_max = params.v3(&["query.durationMax", "query.duration_max"], go::duration)?.unwrap_or(0);
    if duration_min != 0 && duration_max != 0 && duration_max < duration_min {
        return Err(Error::malformed("query.durationMax must be greater than query.durationMin"));
    }
    Ok(Question {
        service: either(&["query.serviceName", "query.service_name"]),
        operation: either(&["query.operationName", "query.operation_name"]),
        tags: params.v3(&["query.attributes"], attributes)?.unwrap_or_default(),
        range: TimeRange { start, end },
        duration_min,
        duration_max,
        limit: depth.unwrap_or(DEPTH_DEFAULT),
    })
}

/// Reads the time that dependencies are asked for.
pub(super) fn range(params: &Params) -> Result<TimeRange> {
    let start = params.v3(&["startTime", "start_time"], go::time)?;
    let end = params.v3(&["endTime", "end_time"], go::time)?;
    let (Some(start), Some(end)) = (start, end) else {
        return Err(Error::malformed("startTime and endTime are required"));
    };
    if start >= end {
        return Err(Error::malformed("startTime must be before endTime"));
    }
    Ok(TimeRange { start, end })
}

/// Whether traces are wanted as they are stored.
pub(super) fn is_raw(params: &Params, names: &[&'static str]) -> Result<bool> {
    Ok(params.v3(names, go::boolean)?.unwrap_or(false))
}

/// Zero is the default, as for a number that protobuf leaves out.
fn depth(text: &str) -> std::result::Result<usize, String> {
    match usize::try_from(go::integer(text, 33)?) {
        Ok(0) => Ok(DEPTH_DEFAULT),
        Ok(depth @ 1..=TRACES_MAX) => Ok(depth),
        Ok(_) => Err(format!("must be at most {TRACES_MAX}")),
        Err(_) => Err("must not be negative".to_owned()),
    }
}

fn attributes(text: &str) -> std::result::Result<BTreeMap<String, String>, String> {
    let read: Option<BTreeMap<String, String>> = serde_json::from_str(text).map_err(|why| why.to_string())?;
    Ok(read.unwrap_or_default())
}
