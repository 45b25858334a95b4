//! Stopping is ordered and bounded: what is in flight is answered, nothing new comes in, the exit code is honest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use process::{Server, connect, folder, read_answer};

/// A request without records, in two halves.
const HALVES: (&str, &str) = ("{\"resourceSpans\"", ":[]}");

fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Sends the head and the first half of an export.
fn begin_export(server: &Server) -> TcpStream {
    let mut stream = connect(server.otlp_http);
    let length = HALVES.0.len() + HALVES.1.len();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: spoor\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server asks for the body once the request is in its hands.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(HALVES.0.as_bytes()).unwrap();
    stream
}

#[test]
fn a_signal_stops_the_process_although_connections_are_open() {
    for name in ["TERM", "INT"] {
        let folder = folder();
        let server = Server::start(folder.path(), &[]);
        let mut idle = connect(server.http);
        idle.write_all(b"GET /livez HTTP/1.1\r\nHost: spoor\r\n\r\n").unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        server.signal(name);
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        let steps = [
            "stopping; a second signal stops at once",
            "stopping: not ready for new work",
            "stopping: requests in flight have finished",
            "stopping: collector and query have finished",
            "stopping: the store is closed",
            "stopped",
        ];
        let places: Vec<_> = steps.iter().map(|step| log.find(&format!("\"{step}\""))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{log}");
    }
}

#[test]
fn a_request_in_flight_is_answered_and_new_connections_are_refused() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let mut export = begin_export(&server);
    server.signal("TERM");
    server.wait_for("stopping: not ready for new work");
    // The listener closes right after that line; connecting is refused from then on.
    let mut tries = 0_u32;
    while TcpStream::connect(server.otlp_http).is_ok() {
        tries += 1;
        assert!(tries < 100_000, "connections are still accepted");
        std::thread::yield_now();
    }
    export.write_all(HALVES.1.as_bytes()).unwrap();
    let answer = read_answer(export);
    assert_eq!(answer.status, 200, "{answer:?}");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_second_signal_stops_at_once() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let export = begin_export(&server);
    server.signal("TERM");
    server.wait_for("stopping: not ready for new work");
    server.signal("INT");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped at once"), "{log}");
    assert!(!log.contains("requests in flight have finished"), "{log}");
    drop(export);
}

#[test]
fn open_streams_end_at_once_when_the_process_stops() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let streams = ["/api/v1/tail", "/api/v1/flows/ord-1?live=1"].map(|path| {
        let mut stream = connect(server.http);
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: spoor\r\n\r\n").as_bytes()).unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\n\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        stream
    });
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("requests in flight have finished"), "{log}");
    assert!(!log.contains("requests did not finish in time"), "{log}");
    for stream in streams {
        let end = read_to_end(stream);
        assert!(end.ends_with("0\r\n\r\n"), "the stream was cut, not ended: {end:?}");
    }
}
