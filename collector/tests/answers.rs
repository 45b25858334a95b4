//! Both transports from one table: what a client sends, and what it must be told.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod support;

use std::io::Write as _;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message as _;
use spoor_collector::Config;
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{AnyValue, ExportLogsPartialSuccess, ExportLogsServiceResponse, KeyValue, LogRecord};
use spoor_proto::wire::put_bytes_field;
use spoor_store::{Appended, Error};
use support::{Server, log, logs};
use tonic::Code;

const LIMIT: usize = 2 << 20;
const GRPC_PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// What the store does with the request.
enum Store {
    Takes,
    Admits(fn() -> Error),
    Appends(fn() -> Result<Appended, Error>),
}

/// What the client must be told.
enum Told {
    /// Success; `partial_success` when records were rejected.
    Ok { rejected: i64 },
    /// A refusal: gRPC code, HTTP status, and a part of the message.
    Refused(Code, u16, &'static str),
    /// The same, worth another try.
    Again(Code, u16, &'static str),
}

struct Row {
    name: &'static str,
    body: Vec<u8>,
    encoding: Option<&'static str>,
    tenant: Option<&'static str>,
    store: Store,
    told: Told,
    /// Records that reach the store.
    kept: usize,
}

impl Row {
    fn new(name: &'static str, body: Vec<u8>, told: Told, kept: usize) -> Self {
        Self { name, body, encoding: None, tenant: None, store: Store::Takes, told, kept }
    }
}

fn request(records: Vec<LogRecord>) -> Vec<u8> {
    logs(records).encode_to_vec()
}

fn with(change: impl FnOnce(&mut LogRecord)) -> LogRecord {
    let mut record = log("changed");
    change(&mut record);
    record
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

/// A request whose second record nests 10,000 levels deep.
fn deep() -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..10_000 {
        let mut array = Vec::new();
        put_bytes_field(&mut array, 1, &value);
        value.clear();
        put_bytes_field(&mut value, 5, &array);
    }
    let (mut record, mut scope, mut group, mut request) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    put_bytes_field(&mut record, 5, &value);
    put_bytes_field(&mut scope, 2, &log("beside").encode_to_vec());
    put_bytes_field(&mut scope, 2, &record);
    put_bytes_field(&mut group, 2, &scope);
    put_bytes_field(&mut request, 1, &group);
    request
}

fn invalid_utf8() -> Vec<u8> {
    let mut bytes = request(vec![log("beside"), log("@@@@")]);
    let at = bytes.windows(4).position(|window| window == b"@@@@").unwrap();
    bytes[at] = 0xc3;
    bytes
}

fn attributes(count: usize) -> Vec<KeyValue> {
    let value = Some(AnyValue { value: Some(Value::IntValue(1)) });
    vec![KeyValue { key: "same".to_owned(), value, ..Default::default() }; count]
}

fn throttled() -> Error {
    Error::Budget { budget: "wal", retry_after: Duration::from_secs(7) }
}

fn stopped() -> Error {
    Error::WalStopped { reason: "disk gone".to_owned() }
}

fn corrupt() -> Error {
    Error::Corrupt { path: "/secret/path".into(), reason: "secret".to_owned() }
}

fn good_rows() -> Vec<Row> {
    let two = || request(vec![log("one"), log("two")]);
    let mut rows = vec![
        Row::new("full success", two(), Told::Ok { rejected: 0 }, 2),
        Row::new("empty request", Vec::new(), Told::Ok { rejected: 0 }, 0),
        Row::new("request without records", request(Vec::new()), Told::Ok { rejected: 0 }, 0),
        Row::new(
            "bad trace id length",
            request(vec![log("beside"), with(|log| log.trace_id = vec![1; 5]), log("beside")]),
            Told::Ok { rejected: 1 },
            2,
        ),
        Row::new(
            "all-zero ids",
            request(vec![with(|log| log.trace_id = vec![0; 16])]),
            Told::Ok { rejected: 0 },
            1,
        ),
        Row::new("invalid UTF-8", invalid_utf8(), Told::Ok { rejected: 1 }, 1),
        Row::new("nesting of 10,000", deep(), Told::Ok { rejected: 1 }, 1),
        Row::new(
            "100,000 attributes",
            request(vec![log("beside"), with(|log| log.attributes = attributes(100_000))]),
            Told::Ok { rejected: 1 },
            1,
        ),
        Row::new(
            "duplicate keys",
            request(vec![with(|log| log.attributes = attributes(2))]),
            Told::Ok { rejected: 0 },
            1,
        ),
        Row::new(
            "times of 0 and of the year 2500",
            request(vec![
                with(|log| log.time_unix_nano = 0),
                with(|log| log.time_unix_nano = 16_725_225_600 << 30),
            ]),
            Told::Ok { rejected: 0 },
            2,
        ),
    ];
    for (name, encoding, body) in
        [("gzip", "gzip", gzip(&two())), ("zstd", "zstd", zstd(&two())), ("deflate", "deflate", zlib(&two()))]
    {
        rows.push(Row { encoding: Some(encoding), ..Row::new(name, body, Told::Ok { rejected: 0 }, 2) });
    }
    rows
}

fn bad_rows() -> Vec<Row> {
    let one = || request(vec![log("one")]);
    let mut truncated = one();
    truncated.pop();
    let large = request(vec![log(&"x".repeat(LIMIT))]);
    let refused =
        |name, body, code, http, message| Row::new(name, body, Told::Refused(code, http, message), 0);
    let invalid = |name, body, message| refused(name, body, Code::InvalidArgument, 400, message);
    let too_large =
        |name, body| refused(name, body, Code::ResourceExhausted, 413, "larger than 2097152 bytes");
    let again = |name, code, http, message| Row::new(name, one(), Told::Again(code, http, message), 0);
    vec![
        invalid(
            "truncated protobuf",
            truncated,
            "request is not an OTLP message: message ends inside a field",
        ),
        invalid("not protobuf", b"hello".to_vec(), "request is not an OTLP message"),
        invalid(
            "wrong wire type",
            vec![0x08, 0x01],
            "request is not an OTLP message: field 1 has the wrong wire type",
        ),
        too_large("oversize", large.clone()),
        Row { encoding: Some("gzip"), ..too_large("oversize after gzip", gzip(&large)) },
        Row { encoding: Some("gzip"), ..too_large("gzip bomb", gzip(&vec![0; 200 << 20])) },
        Row { encoding: Some("zstd"), ..too_large("zstd bomb", zstd(&vec![0; 200 << 20])) },
        Row {
            encoding: Some("gzip"),
            ..invalid("broken gzip", vec![0x1f, 0x8b, 8, 0, 1], "failed to decompress")
        },
        Row { encoding: Some("zstd"), ..invalid("broken zstd", b"nothing".to_vec(), "failed to decompress") },
        Row {
            encoding: Some("br"),
            ..refused(
                "unknown compression",
                one(),
                Code::Unimplemented,
                415,
                "send gzip, zstd, deflate or none",
            )
        },
        Row { tenant: Some("a/b"), ..invalid("bad tenant", one(), "X-Scope-OrgID: tenant name must be") },
        Row {
            store: Store::Admits(throttled),
            ..again("budget used up", Code::ResourceExhausted, 429, "wal budget is used up")
        },
        Row {
            store: Store::Appends(|| Err(throttled())),
            ..again("budget used up at append", Code::ResourceExhausted, 429, "wal budget is used up")
        },
        Row {
            store: Store::Appends(|| Err(stopped())),
            ..again("WAL stopped", Code::Unavailable, 503, "disk gone")
        },
        Row {
            store: Store::Appends(|| Err(corrupt())),
            ..refused("store corrupt", one(), Code::Internal, 500, "failed inside the collector")
        },
        Row {
            store: Store::Appends(|| Ok(Appended::Duplicate)),
            ..Row::new("sent again", one(), Told::Ok { rejected: 0 }, 0)
        },
    ]
}

async fn server() -> Server {
    Server::with(Config { request_bytes_max: LIMIT, in_flight_bytes_max: 8 * LIMIT, ..Config::default() })
        .await
}

fn prepare(server: &Server, row: &Row) {
    match row.store {
        Store::Takes => {}
        Store::Admits(error) => server.store.refuse_admission(error()),
        Store::Appends(answer) => server.store.answer_append(answer()),
    }
}

fn frame(row: &Row) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(u8::from(row.encoding.is_some()));
    frame.put_u32(row.body.len() as u32);
    frame.put_slice(&row.body);
    frame.freeze()
}

fn partial(response: &[u8]) -> Option<ExportLogsPartialSuccess> {
    ExportLogsServiceResponse::decode(response).expect("a response").partial_success
}

fn check_success(row: &Row, transport: &str, response: &[u8], rejected: i64) {
    let partial = partial(response);
    assert_eq!(partial.is_some(), rejected > 0, "{transport}, {}: partial_success", row.name);
    if let Some(partial) = partial {
        assert_eq!(partial.rejected_log_records, rejected, "{transport}, {}", row.name);
        assert!(partial.error_message.contains("log_records["), "{transport}, {}: {partial:?}", row.name);
    }
}

async fn check_grpc(client: &reqwest::Client, row: &Row) {
    let server = server().await;
    prepare(&server, row);
    let mut call =
        client.post(server.url(GRPC_PATH)).header("content-type", "application/grpc").body(frame(row));
    if let Some(encoding) = row.encoding {
        call = call.header("grpc-encoding", encoding);
    }
    if let Some(tenant) = row.tenant {
        call = call.header("x-scope-orgid", tenant);
    }
    let answer = call.send().await.unwrap_or_else(|error| panic!("gRPC, {}: {error:?}", row.name));
    assert_eq!(answer.status().as_u16(), 200, "gRPC, {}", row.name);
    let status = tonic::Status::from_header_map(answer.headers());
    let name = row.name;
    match &row.told {
        Told::Ok { rejected } => {
            assert!(status.is_none(), "gRPC, {name}: {status:?}");
            let body = answer.bytes().await.unwrap();
            check_success(row, "gRPC", &body[5..], *rejected);
        }
        Told::Refused(code, _, message) | Told::Again(code, _, message) => {
            let status = status.unwrap_or_else(|| panic!("gRPC, {name}: no status"));
            assert_eq!(status.code(), *code, "gRPC, {name}: {status:?}");
            assert!(status.message().contains(message), "gRPC, {name}: {status:?}");
            assert!(!status.message().contains("secret"), "gRPC, {name}: {status:?}");
            let has_retry_info = status.details().windows(9).any(|part| part == b"RetryInfo");
            assert_eq!(has_retry_info, matches!(row.told, Told::Again(..)), "gRPC, {name}");
        }
    }
    assert_eq!(server.store.records(), row.kept, "gRPC, {name}: kept");
}

async fn check_http(client: &reqwest::Client, row: &Row) {
    let server = server().await;
    prepare(&server, row);
    let mut call = client
        .post(server.url("/v1/logs"))
        .header("content-type", "application/x-protobuf")
        .body(row.body.clone());
    if let Some(encoding) = row.encoding {
        call = call.header("content-encoding", encoding);
    }
    if let Some(tenant) = row.tenant {
        call = call.header("x-scope-orgid", tenant);
    }
    let answer = call.send().await.unwrap_or_else(|error| panic!("HTTP, {}: {error:?}", row.name));
    let name = row.name;
    assert_eq!(answer.headers()["content-type"], "application/x-protobuf", "HTTP, {name}");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    match &row.told {
        Told::Ok { rejected } => {
            assert_eq!(status, 200, "HTTP, {name}");
            check_success(row, "HTTP", &body, *rejected);
        }
        Told::Refused(_, http, message) | Told::Again(_, http, message) => {
            assert_eq!(status, *http, "HTTP, {name}");
            let text = String::from_utf8_lossy(&body);
            assert!(text.contains(message), "HTTP, {name}: {text}");
            assert!(!text.contains("secret"), "HTTP, {name}: {text}");
            assert_eq!(
                headers.contains_key("retry-after"),
                matches!(row.told, Told::Again(..)),
                "HTTP, {name}"
            );
        }
    }
    assert_eq!(server.store.records(), row.kept, "HTTP, {name}: kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_answers_every_row() {
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for row in good_rows().into_iter().chain(bad_rows()) {
        check_grpc(&client, &row).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_answers_every_row() {
    let client = reqwest::Client::builder().http1_only().build().unwrap();
    for row in good_rows().into_iter().chain(bad_rows()) {
        check_http(&client, &row).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_answers_every_row() {
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for row in good_rows().into_iter().chain(bad_rows()) {
        check_http(&client, &row).await;
    }
}

#[tokio::test]
async fn retry_after_is_what_the_store_asks_for() {
    let server = server().await;
    server.store.refuse_admission(throttled());
    let answer = reqwest::Client::new()
        .post(server.url("/v1/logs"))
        .header("content-type", "application/x-protobuf")
        .body(request(vec![log("one")]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(server.metric("throttled_total{budget=\"wal\"}"), Some(1.0));
}

#[tokio::test]
async fn nothing_stays_in_flight_after_an_answer() {
    let server = server().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for body in [request(vec![log("one")]), b"garbage".to_vec(), request(vec![log(&"x".repeat(LIMIT))])] {
        let call = client.post(server.url("/v1/logs")).header("content-type", "application/x-protobuf");
        call.body(body).send().await.unwrap();
    }
    support::eventually("in-flight bytes return to zero", || server.metric("in_flight_bytes") == Some(0.0))
        .await;
}

/// A budget that one request fills refuses the next, and takes it again once the first is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_in_flight_is_bounded() {
    let limit = 1 << 16;
    let config = Config { request_bytes_max: limit, in_flight_bytes_max: 3 * limit, ..Config::default() };
    let server = Server::with(config).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let body = request(vec![log(&"x".repeat(limit - 1_000))]);
    let calls = (0..16).map(|_| {
        let call = client.post(server.url("/v1/logs")).header("content-type", "application/x-protobuf");
        let body = body.clone();
        async move { call.body(body).send().await.unwrap().status().as_u16() }
    });
    let statuses = futures_util::future::join_all(calls).await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert!(statuses.contains(&200), "{statuses:?}");
    support::eventually("in-flight bytes return to zero", || server.metric("in_flight_bytes") == Some(0.0))
        .await;
    let call = client.post(server.url("/v1/logs")).header("content-type", "application/x-protobuf");
    assert_eq!(call.body(body).send().await.unwrap().status().as_u16(), 200);
}
