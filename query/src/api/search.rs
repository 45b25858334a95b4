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
use crate::search::SearchAnswer;

const LIMIT_DEFAULT: usize = 100;
const BUCKETS_DEFAULT: usize = 60;

#[derive(Serialize)]
struct SearchJson<'a> {
    records: RecordsJson<'a>,
    cursor: Option<&'a str>,
    total: Option<u64>,
    stats: Stats,
}

pub(super) async fn search(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "search", async {
        let known = ["q", "signal", "start", "end", "limit", "cursor", "format"];
        let params = request.params(&engine, &known)?;
        let limit = params.count("limit", LIMIT_DEFAULT, engine.config().records_max)?;
        let format = params.format()?;
        let answer = engine.search(params.selection(&engine)?, limit, params.text("cursor")).await?;
        encode(&engine, answer, format).await
    })
    .await
}

async fn encode(engine: &Engine, mut answer: SearchAnswer, format: Format) -> Result<Answer> {
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
