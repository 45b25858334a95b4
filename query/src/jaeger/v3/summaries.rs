//! `/api/v3/trace-summaries`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::answer::respond;
use super::parameters;
use crate::api::answer::write;
use crate::engine::Engine;
use crate::jaeger::request::Request;
use crate::jaeger::summary::{ServiceSummary, Summary};
use crate::json;

#[derive(Serialize)]
struct SummariesJson {
    summaries: Vec<SummaryJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryJson {
    trace_id: String,
    root_service_name: String,
    root_operation_name: String,
    #[serde(serialize_with = "json::nanos")]
    min_start_time_unix_nano: u64,
    #[serde(serialize_with = "json::nanos")]
    max_end_time_unix_nano: u64,
    span_count: usize,
    error_span_count: usize,
    orphan_span_count: usize,
    services: Vec<ServiceJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceJson {
    name: String,
    span_count: usize,
    error_span_count: usize,
}

impl From<Summary> for SummaryJson {
    fn from(summary: Summary) -> Self {
        let service = |ServiceSummary { name, spans, errors }| ServiceJson {
            name,
            span_count: spans,
            error_span_count: errors,
        };
        Self {
            trace_id: summary.id.to_string(),
            root_service_name: summary.root_service,
            root_operation_name: summary.root_operation,
            min_start_time_unix_nano: summary.start,
            max_end_time_unix_nano: summary.end,
            span_count: summary.spans,
            error_span_count: summary.errors,
            orphan_span_count: summary.orphans,
            services: summary.services.into_iter().map(service).collect(),
        }
    }
}

pub(super) async fn search(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_summaries", async {
        let question = parameters::question(&request.params())?;
        let found = engine.find_summaries(&request.tenant()?, question).await?;
        write(&engine, found.len(), move || {
            serde_json::to_vec(&SummariesJson {
                summaries: found.into_iter().map(SummaryJson::from).collect(),
            })
        })
        .await
    })
    .await
}
