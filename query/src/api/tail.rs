//! `GET /api/v1/tail`: records as they arrive.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;
use spoor_store::model::RecordId;

use super::answer::write;
use super::events::{self, Events};
use super::params::Request;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::json::record::RecordJson;
use crate::live::tail::{Arrived, Dropped, News, Tail};

/// Records as server-sent events.
#[utoipa::path(
    get,
    path = "/api/v1/tail",
    tag = "live",
    params(
        ("q" = Option<String>, Query, description = "Search text; without it, everything"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`; without it, both"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that was read, to go on after it"),
    ),
    responses(
        (status = 200, description = "Events `record` (a Record), `dropped` (`{\"count\": n|null}`), `error` (an Error)", content_type = "text/event-stream", body = String),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn tail(State(engine): State<Engine>, request: Request) -> Response {
    events::respond(&engine, "tail", async {
        let params = request.params(&engine, &["q", "signal"])?;
        let selection = params.selection(&engine)?;
        let last = request.header("last-event-id").map(record_id).transpose()?;
        let tail = Tail::open(&engine, selection.tenant, selection.predicate, last)?;
        Ok(stream_of(engine.clone(), tail))
    })
    .await
}

fn record_id(text: &str) -> Result<RecordId> {
    RecordId::parse(text).ok_or_else(|| Error::parameter("Last-Event-ID", "not an id of this stream"))
}

fn stream_of(
    engine: Engine,
    tail: Tail,
) -> impl Stream<Item = std::result::Result<Bytes, Infallible>> + Send {
    let opening = stream::once(async { Ok(Events::opening().into_bytes()) });
    let rest = stream::unfold(Some(tail), move |tail| {
        let engine = engine.clone();
        async move {
            let mut tail = tail?;
            let news = match tail.next().await {
                Ok(News::End) => return None,
                Ok(News::Silence) => Ok(Events::ping().into_bytes()),
                Ok(News::Records(arrived)) => written(&engine, arrived).await,
                Err(error) => Err(error),
            };
            match news {
                Ok(bytes) => Some((Ok(bytes), Some(tail))),
                Err(error) => Some((Ok(Events::failure(&engine, &error).into_bytes()), None)),
            }
        }
    });
    opening.chain(rest)
}

async fn written(engine: &Engine, arrived: Arrived) -> Result<Bytes> {
    let owners = engine.owners().clone();
    let bytes = write(engine, arrived.records.len(), move || {
        let mut events = Events::default();
        match arrived.dropped {
            Dropped::None => {}
            Dropped::Count(count) => {
                events.add_json("dropped", None, json!({ "count": count }).to_string().as_bytes());
            }
            Dropped::Unknown => events.add_json("dropped", None, br#"{"count":null}"#),
        }
        for item in &arrived.records {
            let record = &item.record;
            let id = item.place.map(|place| place.to_string());
            let data = serde_json::to_vec(&RecordJson { record, owner: owners.of(&record.stream) })?;
            events.add_json("record", id.as_deref(), &data);
        }
        Ok(events.into_bytes().to_vec())
    })
    .await?;
    Ok(bytes.into())
}
