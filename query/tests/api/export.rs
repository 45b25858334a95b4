//! `GET /export`: all selected records, as a file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, Request, StatusCode};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, RowAccessor as _};
use serde_json::Value as Json;
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{AnyValue, ArrayValue, ExportLogsServiceRequest, ExportTraceServiceRequest};
use spoor_query::engine::Selection;
use spoor_query::export::{ExportFormat, ExportRequest};
use spoor_query::stats::Names;
use spoor_query::{Config, Error};
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::predicate::Predicate;

use crate::world::{Item, SECOND, Sample, T, World, attribute, log, span, text, trace_hex};

/// Status, headers and whole body.
async fn export(world: &World, parameters: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::builder().uri(format!("/api/v1/export?{parameters}")).body(Body::empty()).unwrap();
    let response = world.respond(request).await;
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, axum::body::to_bytes(body, usize::MAX).await.unwrap())
}

async fn lines(world: &World, parameters: &str) -> Vec<Json> {
    let (status, _, body) = export(world, parameters).await;
    assert_eq!(status, StatusCode::OK, "{parameters}");
    body.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn list(values: &[&str]) -> Value {
    let values = values.iter().map(|text| AnyValue { value: Some(Value::StringValue((*text).to_owned())) });
    Value::ArrayValue(ArrayValue { values: values.collect() })
}

fn samples() -> Vec<Sample> {
    vec![
        span("cart", 1, 1, T).attribute(attribute("size", Value::IntValue(7))).failed("no \"luck\""),
        span("payment", 1, 2, T + SECOND)
            .under(1)
            .linked_to(2, 3)
            .attribute(attribute("tags", list(&["b", "a"]))),
        log("cart", "a, \"quoted\"\r\nbody", T + 2 * SECOND).within(1, 1).attribute(text("k", "v;,")),
        log("cart", "größe", T + 3 * SECOND).attribute(text("k", "")),
    ]
}

/// Half in a split, half in hot rows.
async fn world() -> World {
    let world = World::new().await;
    let mut samples = samples();
    let later = samples.split_off(2);
    world.append(samples).await;
    world.publish().await;
    world.append(later).await;
    world
}

#[tokio::test]
async fn a_line_is_a_record_as_the_search_shows_it() {
    let world = world().await;
    let mut exported = lines(&world, "format=ndjson").await;
    let mut searched = world.get("/api/v1/search").await["records"].as_array().unwrap().clone();
    let by_time = |record: &Json| record["time"].as_str().unwrap().to_owned();
    exported.sort_by_key(by_time);
    searched.sort_by_key(by_time);
    assert_eq!(exported, searched);
    let (_, headers, _) = export(&world, "q=signal:logs").await;
    assert_eq!(
        (&headers["x-spoor-total"], &headers["content-type"]),
        (&"2".parse().unwrap(), &"application/x-ndjson".parse().unwrap())
    );
    assert_eq!(headers["content-disposition"], "attachment; filename=\"spoor-1800000000.ndjson\"");
}

#[tokio::test]
async fn selection_and_limit_hold_and_nothing_is_an_empty_file() {
    let world = world().await;
    assert_eq!(lines(&world, "q=service:cart&signal=logs").await.len(), 2);
    assert_eq!(lines(&world, &format!("start={}", T + 2 * SECOND)).await.len(), 2);
    assert_eq!(lines(&world, "limit=3").await.len(), 3);
    let (_, headers, _) = export(&world, "limit=3").await;
    assert_eq!(headers["x-spoor-total"], "3");
    assert!(lines(&world, "q=nowhere").await.is_empty());
    let (_, _, csv) = export(&world, "q=nowhere&format=csv&columns=time").await;
    assert_eq!(csv, "time\r\n");
    let (_, _, parquet) = export(&world, "q=nowhere&format=parquet").await;
    assert_eq!(SerializedFileReader::new(parquet).unwrap().metadata().file_metadata().num_rows(), 0);
}

#[tokio::test]
async fn otlp_lines_hold_what_came_in() {
    let world = world().await;
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    for line in lines(&world, "format=otlp-json").await {
        assert_eq!(line.as_object().unwrap().len(), 1, "one signal a line: {line}");
        if line.get("resourceSpans").is_some() {
            let request: ExportTraceServiceRequest = serde_json::from_value(line).unwrap();
            let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            spans.extend(scopes.flat_map(|scope| scope.spans));
        } else {
            let request: ExportLogsServiceRequest = serde_json::from_value(line).unwrap();
            let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
            logs.extend(scopes.flat_map(|scope| scope.log_records));
        }
    }
    spans.sort_by_key(|span| span.start_time_unix_nano);
    logs.sort_by_key(|log| log.time_unix_nano);
    for sample in samples() {
        match sample.item {
            Item::Span(span) => assert_eq!(spans.remove(0), *span),
            Item::Log(log) => assert_eq!(logs.remove(0), *log),
        }
    }
    assert!(spans.is_empty() && logs.is_empty());
}

#[tokio::test]
async fn csv_reads_back() {
    let world = world().await;
    let (_, headers, body) = export(&world, "format=csv").await;
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8; header=present");
    let mut reader = csv::Reader::from_reader(&body[..]);
    let header = "time,signal,service,severity,name,body,trace_id,span_id,duration_ns,status";
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), header);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let find = |time: u64| rows.iter().find(|row| row[0] == time.to_string()).unwrap();
    let trace = trace_hex(1);
    assert_eq!(
        find(T).iter().collect::<Vec<_>>(),
        [
            &T.to_string(),
            "spans",
            "cart",
            "",
            "cart 1",
            "",
            &trace,
            "0000000000000001",
            "1000000000",
            "error"
        ]
    );
    let quoted = find(T + 2 * SECOND);
    assert_eq!((&quoted[5], &quoted[3], &quoted[8]), ("a, \"quoted\"\r\nbody", "info", ""));

    let (_, _, body) =
        export(&world, "format=csv&columns=k,size,tags,status_message,owner,link.trace_id&start=-1h").await;
    let mut reader = csv::Reader::from_reader(&body[..]);
    let rows: BTreeSet<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let row = |cells: [&str; 6]| cells.map(str::to_owned).to_vec();
    let linked = trace_hex(2);
    assert_eq!(
        rows,
        BTreeSet::from([
            row(["", "7", "", "no \"luck\"", "", ""]),
            row(["", "", "[\"b\",\"a\"]", "", "payments", &linked]),
            row(["v;,", "", "", "", "", ""]),
            row(["", "", "", "", "", ""]),
        ])
    );
}

#[tokio::test]
async fn parquet_reads_back_with_types() {
    let world = world().await;
    let (_, headers, body) = export(&world, "format=parquet").await;
    assert_eq!(headers["content-type"], "application/vnd.apache.parquet");
    let reader = SerializedFileReader::new(body).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    assert_eq!(schema.column(0).logical_type_ref(), Some(&LogicalType::timestamp(true, TimeUnit::NANOS)));
    assert_eq!(schema.column(5).logical_type_ref(), Some(&LogicalType::String));
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    let by_time: BTreeMap<i64, _> =
        rows.iter().map(|row| (row.get_long(0).unwrap_or_default(), row)).collect();
    let span = by_time.values().find(|row| row.get_string(4).is_ok_and(|name| name == "cart 1")).unwrap();
    assert_eq!((span.get_string(1).unwrap().as_str(), span.get_long(8).unwrap()), ("spans", 1_000_000_000));
    let columns: Vec<&Field> = span.get_column_iter().map(|(_, field)| field).collect();
    assert_eq!((columns[3], columns[5]), (&Field::Null, &Field::Null));
    let bodies: BTreeSet<&str> =
        rows.iter().filter_map(|row| row.get_string(5).ok()).map(String::as_str).collect();
    assert_eq!(bodies, BTreeSet::from(["a, \"quoted\"\r\nbody", "größe"]));
}

#[tokio::test]
async fn many_records_come_in_pieces_and_groups_each_once() {
    const RECORDS: u64 = 20_000;
    let world = World::new().await;
    for part in 0..2 {
        let numbers = part * RECORDS / 2..(part + 1) * RECORDS / 2;
        world
            .append(
                numbers
                    .map(|number| log("a", &format!("number {number} {}", "x".repeat(900)), T + number))
                    .collect(),
            )
            .await;
        world.publish().await;
    }
    for format in ["ndjson", "csv", "parquet", "otlp-json"] {
        let request =
            Request::builder().uri(format!("/api/v1/export?format={format}")).body(Body::empty()).unwrap();
        let mut pieces = world.respond(request).await.into_body().into_data_stream();
        let mut file = Vec::new();
        let mut count = 0;
        while let Some(piece) = pieces.next().await {
            let piece = piece.unwrap();
            count += 1;
            assert!(piece.len() < 32 << 20);
            file.extend_from_slice(&piece);
        }
        assert!(count > 1, "{format} came in one piece");
        let text = String::from_utf8_lossy(&file).into_owned();
        let found: BTreeSet<u64> = match format {
            "parquet" => {
                let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
                assert!(reader.num_row_groups() > 1);
                let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
                rows.map(|row| number_in(row.get_string(5).unwrap())).collect()
            }
            "csv" => csv::Reader::from_reader(text.as_bytes())
                .records()
                .map(|row| number_in(&row.unwrap()[5]))
                .collect(),
            _ => text.split("number ").skip(1).map(first_number).collect(),
        };
        assert_eq!(found, (0..RECORDS).collect(), "{format}");
    }
}

fn number_in(body: &str) -> u64 {
    first_number(body.strip_prefix("number ").unwrap())
}

fn first_number(text: &str) -> u64 {
    text.split(' ').next().unwrap().parse().unwrap()
}

fn everything() -> ExportRequest {
    let selection = Selection { tenant: Tenant::default(), predicate: Predicate::All, range: TimeRange::ALL };
    ExportRequest { selection, format: ExportFormat::Ndjson, columns: Names::default(), limit: None }
}

#[tokio::test]
async fn an_export_holds_its_snapshot_and_no_turn_while_it_is_not_read() {
    let world = World::with(Config { concurrent_max: 1, waiting_max: 0, ..Config::default() }).await;
    world.append(samples()).await;
    let mut export = world.engine.export(everything()).await.unwrap();
    assert_eq!(export.total(), 4);
    world.append(samples()).await;
    world.publish().await;
    assert_eq!(world.get("/api/v1/search").await["total"], 8, "the only turn is free");
    let mut file = Vec::new();
    while let Some(piece) = export.next().await {
        file.extend(piece.unwrap());
    }
    assert_eq!(file.iter().filter(|byte| **byte == b'\n').count(), 4);
}

#[tokio::test]
async fn a_place_is_freed_by_a_client_that_leaves_and_taken_from_one_that_does_not_read() {
    let world = World::with(Config { exports_max: 1, export_stalled_seconds: 60, ..Config::default() }).await;
    world.append(samples()).await;
    let mut stalled = world.engine.export(everything()).await.unwrap();
    let (status, headers, _) = export(&world, "").await;
    assert_eq!((status, &headers["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &"5".parse().unwrap()));
    world.hand.advance(Duration::from_secs(60));
    drop(world.engine.export(everything()).await.unwrap());
    assert!(matches!(stalled.next().await, Some(Err(Error::Stalled { .. }))));
    assert!(stalled.next().await.is_none());
    assert_eq!(lines(&world, "").await.len(), 4, "the place of the one that left is free");
}

#[tokio::test]
async fn a_file_that_breaks_off_ends_in_an_error_and_a_client_that_leaves_frees_its_place() {
    let world = World::with(Config { exports_max: 1, ..Config::default() }).await;
    world.append(samples()).await;
    let ask = || Request::builder().uri("/api/v1/export").body(Body::empty()).unwrap();
    let stalled = world.respond(ask()).await;
    assert_eq!(stalled.status(), StatusCode::OK);
    world.hand.advance(Duration::from_secs(60));
    let left = world.respond(ask()).await;
    assert_eq!(left.status(), StatusCode::OK);
    let mut pieces = stalled.into_body().into_data_stream();
    assert!(matches!(pieces.next().await, Some(Err(_))), "the client learns that the file is not whole");
    assert!(pieces.next().await.is_none() && pieces.next().await.is_none(), "and may ask on");
    assert_eq!(world.respond(ask()).await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(left);
    assert_eq!(lines(&world, "").await.len(), 4);
}

#[tokio::test]
async fn faults_are_told_before_anything_is_sent() {
    let world = World::new().await;
    for (parameters, message) in [
        ("format=xml", "parameter `format`: `xml` is none of `ndjson`, `otlp-json`, `csv`, `parquet`"),
        ("columns=time", "parameter `columns`: only `csv` and `parquet` have columns"),
        (
            "format=csv&columns=time,severty",
            "`severty` is no field; did you mean `severity`? (for an attribute called so, write `attributes.severty`) (column 6)",
        ),
        (
            "format=csv&columns=correlation",
            "`correlation` has no groups; name one correlation key (column 1)",
        ),
        ("limit=0", "parameter `limit`: `0` is no whole number from 1 to 18446744073709551615"),
        (
            "q=(",
            "expected a word, a \"phrase\", field:value, NOT or (, found the end of the query (column 2)",
        ),
    ] {
        let (status, error) = world.refused(&format!("/api/v1/export?{parameters}")).await;
        assert_eq!((status, error["message"].as_str().unwrap()), (400, message), "{parameters}");
    }
}
