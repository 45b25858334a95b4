//! `GET /api/v1/stats`: reports over many records.

use axum::extract::State;
use axum::response::Response;

use super::answer::{respond, write};
use super::params::{Params, Request};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::language::quote;
use crate::plan::values::duration;
use crate::stats::{Interval, Names, Selects, StatsAnswer, StatsRequest};

const LIMIT_DEFAULT: usize = 100;

/// A report over many records.
#[utoipa::path(
    get,
    path = "/api/v1/stats",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Query in the search language; everything without it"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("select" = Option<String>, Query, description = "What to compute: `count`, `rate`, `ratio(QUERY)`, `p95(FIELD)`, `sum(FIELD)`, … with commas"),
        ("group_by" = Option<String>, Query, description = "Up to four fields, with commas"),
        ("interval" = Option<String>, Query, description = "Width of a bucket, such as `5m`, or `auto`; no series without it"),
        ("limit" = Option<usize>, Query, description = "Most groups, 100 without it"),
        ("order" = Option<String>, Query, description = "One of `select`, with ` asc` or ` desc`"),
    ),
    responses(
        (status = 200, description = "Groups in order", body = StatsAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn stats(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "stats", async {
        let known = ["q", "signal", "start", "end", "select", "group_by", "interval", "limit", "order"];
        let params = request.params(&engine, &known)?;
        let select = Selects::parse(params.text("select").unwrap_or_default())?;
        let (order, ascending) = order(&params, &select)?;
        let asked = StatsRequest {
            selection: params.selection(&engine)?,
            group_by: Names::parse(params.text("group_by").unwrap_or_default())?,
            interval: interval(&params)?,
            limit: params.count("limit", LIMIT_DEFAULT, engine.config().stats_groups_max)?,
            order,
            ascending,
            select,
        };
        let answer = engine.stats(&asked).await?;
        let points = answer.groups.iter().map(|group| 1 + group.series.as_ref().map_or(0, Vec::len)).sum();
        Ok(write(&engine, points, move || serde_json::to_vec(&answer)).await?.into())
    })
    .await
}

fn interval(params: &Params) -> Result<Option<Interval>> {
    match params.text("interval") {
        None => Ok(None),
        Some("auto") => Ok(Some(Interval::Auto)),
        Some(text) => match duration(text) {
            Some(nanos) if nanos > 0 => Ok(Some(Interval::Nanos(nanos))),
            _ => {
                let reason =
                    format!("`{}` is neither a duration such as 30s, 5m or 1h, nor `auto`", quote(text));
                Err(Error::parameter("interval", reason))
            }
        },
    }
}

/// By which computation the groups are ordered, and whether the least comes first.
fn order(params: &Params, select: &Selects) -> Result<(usize, bool)> {
    let Some(text) = params.text("order") else { return Ok((0, false)) };
    let text = text.trim();
    let (name, ascending) = match text.strip_suffix(" asc") {
        Some(name) => (name, true),
        None => (text.strip_suffix(" desc").unwrap_or(text), false),
    };
    let place = select.items.iter().position(|item| item.name == name.trim());
    let names: Vec<String> = select.items.iter().map(|item| format!("`{}`", item.name)).collect();
    let unknown = || {
        format!("`{}` is not selected; order by {}, with ` asc` or ` desc`", quote(name), names.join(" or "))
    };
    Ok((place.ok_or_else(|| Error::parameter("order", unknown()))?, ascending))
}
