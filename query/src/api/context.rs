//! `GET /api/v1/context`: the records around one.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_store::model::RecordId;

use super::answer::{respond, write};
use super::params::{Params, Request};
use crate::engine::{Engine, Stats};
use crate::error::{Error, Result};
use crate::json::record::{RecordJson, RecordsJson};
use crate::language::quote;
use crate::search::{ContextRequest, Within};

const LIMIT_DEFAULT: usize = 20;

#[derive(Serialize)]
struct ContextJson<'a> {
    record: RecordJson<'a>,
    within: &'static str,
    before: RecordsJson<'a>,
    after: RecordsJson<'a>,
    stats: Stats,
}

/// The records around one, in time order.
#[utoipa::path(
    get,
    path = "/api/v1/context",
    tag = "search",
    params(
        ("record" = String, Query, description = "Id of the record in the middle, from any answer"),
        ("time" = Option<String>, Query, description = "Its time, to find it by when its id tells no place any more"),
        ("service" = Option<String>, Query, description = "Its service, to tell it from others of that time"),
        ("within" = Option<String>, Query, description = "`flow`, `instance` or `service`; default: the flow, if it has one"),
        ("before" = Option<usize>, Query, description = "Most records before it; default 20"),
        ("after" = Option<usize>, Query, description = "Most records after it; default 20"),
    ),
    responses(
        (status = 200, description = "The records", body = super::schema::Context),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn context(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "context", async {
        let known = ["record", "time", "service", "within", "before", "after"];
        let params = request.params(&engine, &known)?;
        let answer = engine.context(&asked(&engine, &params)?).await?;
        let owners = engine.owners().clone();
        let count = answer.before.len() + answer.after.len();
        let body = write(&engine, count, move || {
            let record = &answer.record;
            serde_json::to_vec(&ContextJson {
                record: RecordJson { record, owner: owners.of(&record.stream) },
                within: answer.within.as_str(),
                before: RecordsJson { records: &answer.before, owners: &owners },
                after: RecordsJson { records: &answer.after, owners: &owners },
                stats: answer.stats,
            })
        })
        .await?;
        Ok(body.into())
    })
    .await
}

fn asked(engine: &Engine, params: &Params) -> Result<ContextRequest> {
    let id = params.required("record")?;
    let record = RecordId::parse(id)
        .ok_or_else(|| Error::parameter("record", format!("`{}` is no record's id", quote(id))))?;
    let within = params.text("within").map(|name| {
        Within::ALL.into_iter().find(|within| within.as_str() == name).ok_or_else(|| {
            let reason = format!("`{}` is none of `flow`, `instance`, `service`", quote(name));
            Error::parameter("within", reason)
        })
    });
    let most = engine.config().records_max;
    Ok(ContextRequest {
        tenant: params.tenant.clone(),
        record,
        time: params.time("time")?,
        service: params.text("service").map(str::to_owned),
        within: within.transpose()?,
        before: params.count("before", LIMIT_DEFAULT, most)?,
        after: params.count("after", LIMIT_DEFAULT, most)?,
    })
}
