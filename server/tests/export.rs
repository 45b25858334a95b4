//! Exports of the built binary: what one server exports as OTLP another takes in and exports alike; compressed on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::io::{Read as _, Write as _};

use process::{Server, connect, folder, request, unix_nanos};
use serde_json::{Value, json};

const RESOURCE: &str = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},{"key":"host.id","value":{"bytesValue":"AAEC"}}],"droppedAttributesCount":2}"#;

/// Values of every type, also what JSON numbers do not hold.
const ATTRIBUTES: &str = r#"[{"key":"int","value":{"intValue":"9223372036854775807"}},{"key":"double","value":{"doubleValue":-0.1}},
    {"key":"bool","value":{"boolValue":false}},{"key":"none"},{"key":"empty","value":{"stringValue":""}},
    {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"},{}]}}},
    {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"/+8="}}]}}},
    {"key":"int","value":{"stringValue":"again"}}]"#;

fn spans(at: u64, count: u64) -> String {
    let span = |number: u64| {
        let (start, end) = (at + number, at + number + 5_000_000);
        format!(
            r#"{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"{:016x}","parentSpanId":"b7ad6b7169203331","flags":257,
                "traceState":"a=b","name":"step \"{number}\"","kind":3,"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}",
                "attributes":{ATTRIBUTES},"events":[{{"timeUnixNano":"{start}","name":"e","attributes":{ATTRIBUTES}}}],
                "links":[{{"traceId":"1af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203332","flags":1}}],
                "status":{{"code":2,"message":"größe"}},"droppedEventsCount":1}}"#,
            number + 1
        )
    };
    let spans = (0..count).map(span).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"resourceSpans":[{{"resource":{RESOURCE},"scopeSpans":[{{"scope":{{"name":"lib","version":"1"}},"spans":[{spans}],"schemaUrl":"s"}}],"schemaUrl":"r"}}]}}"#
    )
}

fn logs(at: u64, count: u64) -> String {
    let log = |number: u64| {
        let body = if number.is_multiple_of(2) {
            format!(r#"{{"stringValue":"line {number}\nof two"}}"#)
        } else {
            r#"{"kvlistValue":{"values":[{"key":"order","value":{"intValue":"7"}}]}}"#.to_owned()
        };
        let time = at + number;
        format!(
            r#"{{"timeUnixNano":"{time}","observedTimeUnixNano":"{}","severityNumber":13,"severityText":"WARN","body":{body},
                "eventName":"checked","attributes":{ATTRIBUTES}}}"#,
            time + 9
        )
    };
    let logs = (0..count).map(log).collect::<Vec<_>>().join(",");
    format!(r#"{{"resourceLogs":[{{"resource":{RESOURCE},"scopeLogs":[{{"logRecords":[{logs}]}}]}}]}}"#)
}

fn send(server: &Server, body: &str) {
    let path = if body.starts_with(r#"{"resourceSpans""#) { "traces" } else { "logs" };
    let head = format!("POST /v1/{path} HTTP/1.1\r\nContent-Type: application/json\r\n");
    let answer = request(server.otlp_http, &head, body.as_bytes());
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{answer:?}");
}

/// Head and body of an answer in chunks; whether its last chunk came.
fn export(server: &Server, parameters: &str, headers: &str) -> (String, Vec<u8>, bool) {
    let mut stream = connect(server.http);
    let head =
        format!("GET /api/v1/export?{parameters} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("transfer-encoding: chunked"), "{head}");
    let (mut rest, mut body) = (&bytes[split + 4..], Vec::new());
    loop {
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else {
            return (head, body, false);
        };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return (head, body, true);
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 2 + size + 2..];
    }
}

fn lines(body: &[u8]) -> Vec<Value> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[test]
fn what_one_server_exports_as_otlp_another_takes_and_exports_alike() {
    let (at, folders) = (unix_nanos(), [folder(), folder()]);
    let [first, second] = [&folders[0], &folders[1]].map(|folder| Server::start(folder.path(), &[]));
    send(&first, &spans(at, 60));
    send(&first, &logs(at, 60));
    let (head, exported, is_whole) = export(&first, "format=otlp-json", "");
    assert!(is_whole && head.contains("x-spoor-total: 120"), "{head}");
    let exported = lines(&exported);
    assert_eq!(exported.len(), 2, "a line for each signal");
    let sent: Value = serde_json::from_str(&spans(at, 60)).unwrap();
    let span = |document: &Value| document["resourceSpans"][0]["scopeSpans"][0]["spans"][7].clone();
    for field in ["name", "startTimeUnixNano", "flags", "droppedEventsCount", "status"] {
        assert_eq!(span(&exported[0])[field], span(&sent)[field], "{field}");
    }
    for line in &exported {
        send(&second, &line.to_string());
    }
    let (_, again, _) = export(&second, "format=otlp-json", "");
    assert_eq!(lines(&again), exported);
}

#[test]
fn a_compressed_export_is_the_same_file() {
    let (at, folder) = (unix_nanos(), folder());
    let server = Server::start(folder.path(), &[]);
    for part in 0..5 {
        send(&server, &logs(at + part * 1_000, 400));
    }
    let (_, plain, is_whole) = export(&server, "format=csv&columns=time,body,owner", "");
    assert!(is_whole);
    let (head, compressed, is_whole) =
        export(&server, "format=csv&columns=time,body,owner", "Accept-Encoding: gzip\r\n");
    assert!(
        is_whole && head.contains("content-encoding: gzip") && head.contains("x-spoor-total: 2000"),
        "{head}"
    );
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!((unpacked.len(), unpacked == plain), (plain.len(), true));
    assert!(compressed.len() < plain.len() / 2, "{} of {}", compressed.len(), plain.len());
    let (head, parquet, is_whole) = export(&server, "format=parquet", "Accept-Encoding: gzip\r\n");
    assert!(is_whole && !head.contains("content-encoding") && parquet.ends_with(b"PAR1"), "{head}");
    let report = server.get("/api/v1/stats?select=count&group_by=event.name,severity").json();
    let group = json!({"by": {"event.name": "checked", "severity": "warn"}, "values": {"count": 2000}});
    assert_eq!(report["groups"], json!([group]), "{report}");
}
