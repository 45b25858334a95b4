//! `GET /api/v1/export`: all selected records, as a file.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use spoor_runtime::error_kind::chain;

use super::answer::respond_with;
use super::params::{Params, Request};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::export::{Export, ExportFormat, ExportRequest};
use crate::language::quote;
use crate::stats::Names;

/// All selected records, as a file.
#[utoipa::path(
    get,
    path = "/api/v1/export",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Query in the search language; everything without it"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("format" = Option<String>, Query, description = "`ndjson`, `otlp-json`, `csv` or `parquet`"),
        ("columns" = Option<String>, Query, description = "Of `csv` and `parquet`: fields, with commas"),
        ("limit" = Option<usize>, Query, description = "Most records; all without it"),
    ),
    responses(
        (status = 200, description = "The file; `X-Spoor-Total` says how many records come", body = String,
            content_type = "application/x-ndjson"),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn export(State(engine): State<Engine>, request: Request) -> Response {
    respond_with(&engine, "export", async {
        let known = ["q", "signal", "start", "end", "format", "columns", "limit"];
        let params = request.params(&engine, &known)?;
        let format = format(&params)?;
        let columns = columns(&params, format)?;
        let limit = params.optional_count("limit", usize::MAX)?.map(|limit| limit as u64);
        let selection = params.selection(&engine)?;
        let export = engine.export(ExportRequest { selection, format, columns, limit }).await?;
        response(&engine, format, export)
    })
    .await
}

fn format(params: &Params) -> Result<ExportFormat> {
    match params.text("format") {
        None | Some("ndjson") => Ok(ExportFormat::Ndjson),
        Some("otlp-json") => Ok(ExportFormat::OtlpJson),
        Some("csv") => Ok(ExportFormat::Csv),
        Some("parquet") => Ok(ExportFormat::Parquet),
        Some(other) => {
            let reason = format!("`{}` is none of `ndjson`, `otlp-json`, `csv`, `parquet`", quote(other));
            Err(Error::parameter("format", reason))
        }
    }
}

fn columns(params: &Params, format: ExportFormat) -> Result<Names> {
    let names = Names::parse(params.text("columns").unwrap_or_default())?;
    let is_table = matches!(format, ExportFormat::Csv | ExportFormat::Parquet);
    if names.iter().next().is_some() && !is_table {
        return Err(Error::parameter("columns", "only `csv` and `parquet` have columns"));
    }
    Ok(names)
}

fn response(engine: &Engine, format: ExportFormat, export: Export) -> Result<Response> {
    let (content_type, extension) = match format {
        ExportFormat::Ndjson => ("application/x-ndjson", "ndjson"),
        ExportFormat::OtlpJson => ("application/x-ndjson", "otlp.jsonl"),
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        ExportFormat::Parquet => ("application/vnd.apache.parquet", "parquet"),
    };
    let seconds = engine.clock().now_unix_nanos() / 1_000_000_000;
    let disposition = format!("attachment; filename=\"spoor-{seconds}.{extension}\"");
    let total = HeaderValue::from(export.total());
    let pieces = stream::unfold(export, |mut export| async {
        let piece = export.next().await?;
        if let Err(error) = &piece {
            tracing::warn!(error = chain(error), "export broke off");
        }
        Some((piece, export))
    });
    // A piece that fails ends the body without its last chunk, which tells the client that the file is not whole.
    // Compression asks once more after the end.
    let mut response = Response::new(Body::from_stream(pieces.fuse()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-spoor-total", total);
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
