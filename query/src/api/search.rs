//! `GET /api/v1/search` and `/api/v1/histogram`: records, newest first, and how many there were when.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_store::leaf::Facet;

use super::answer::{Answer, respond, write};
use super::params::{Format, Params, Request};
use crate::engine::{Engine, Stats};
use crate::error::{Error, Result};
use crate::json::record::RecordsJson;
use crate::language::quote;
use crate::otlp;
use crate::search::{HistogramAnswer, SearchAnswer};

const LIMIT_DEFAULT: usize = 100;
const BUCKETS_DEFAULT: usize = 60;

#[derive(Serialize)]
struct SearchJson<'a> {
    records: RecordsJson<'a>,
    cursor: Option<&'a str>,
    total: Option<u64>,
    stats: Stats,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Records, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/search",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Search text; without it, everything"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`; without it, both"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("limit" = Option<usize>, Query, description = "Most records; default 100"),
        ("cursor" = Option<String>, Query, description = "Where the page begins: `cursor` of the page before"),
        ("format" = Option<String>, Query, description = "`json`, or `otlp-json`"),
    ),
    responses(
        (status = 200, description = "A page, newest first", body = super::schema::Search),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn search(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "search", async {
        let known = ["q", "signal", "start", "end", "limit", "cursor", "format"];
        let params = request.params(&engine, &known)?;
        let limit = params.count("limit", LIMIT_DEFAULT, engine.config().records_max)?;
        let format = params.format()?;
        let selection = params.selection(&engine)?;
        let answer = engine.search(selection.clone(), limit, params.text("cursor")).await?;
        let hint = match (answer.total, params.text("q")) {
            // A hint is a courtesy: an answer without one is better than none.
            (Some(0), Some(text)) => engine.hint(&selection, text).await.ok().flatten(),
            _ => None,
        };
        encode(&engine, answer, hint, format).await
    })
    .await
}

async fn encode(
    engine: &Engine,
    mut answer: SearchAnswer,
    hint: Option<String>,
    format: Format,
) -> Result<Answer> {
    let count = answer.records.len();
    match format {
        Format::Native => {
            let owners = engine.owners().clone();
            let body = write(engine, count, move || {
                let records = RecordsJson { records: &answer.records, owners: &owners };
                let SearchAnswer { cursor, total, stats, .. } = &answer;
                serde_json::to_vec(&SearchJson {
                    records,
                    cursor: cursor.as_deref(),
                    total: *total,
                    stats: *stats,
                    hint,
                })
            })
            .await?;
            Ok(body.into())
        }
        Format::OtlpJson => {
            let cursor = answer.cursor.take();
            let body =
                write(engine, count, move || serde_json::to_vec(&otlp::to_document(&answer.records))).await?;
            Ok(Answer { body, cursor })
        }
    }
}

/// How many records there were when.
#[utoipa::path(
    get,
    path = "/api/v1/histogram",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Search text; without it, everything"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`; without it, both"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("buckets" = Option<usize>, Query, description = "Most buckets; default 60"),
        ("by" = Option<String>, Query, description = "`severity`, `service` or `signal`"),
    ),
    responses(
        (status = 200, description = "The buckets", body = HistogramAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn histogram(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "histogram", async {
        let params = request.params(&engine, &["q", "signal", "start", "end", "buckets", "by"])?;
        let buckets = params.count("buckets", BUCKETS_DEFAULT, engine.config().buckets_max)?;
        let by = breakdown(&params)?;
        let answer = engine.histogram(params.selection(&engine)?, buckets, by).await?;
        Ok(serde_json::to_vec(&answer)?.into())
    })
    .await
}

fn breakdown(params: &Params) -> Result<Option<Facet>> {
    match params.text("by") {
        None => Ok(None),
        Some("severity") => Ok(Some(Facet::Severity)),
        Some("service") => Ok(Some(Facet::Service)),
        Some("signal") => Ok(Some(Facet::Signal)),
        Some(other) => {
            let reason = format!("`{}` is none of `severity`, `service`, `signal`", quote(other));
            Err(Error::parameter("by", reason))
        }
    }
}
