//! The web port as clients meet it: health, metrics, the page, compression, a path of its own, bounds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::io::{Read as _, Write as _};

use process::{Server, connect, finish, folder, read_answer, request, spoor};

#[test]
fn health_and_metrics_are_there() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!((server.get("/livez").status, server.get("/livez").body.as_str()), (200, "ok\n"));
    assert_eq!(server.get("/readyz").status, 200);
    let metrics = server.get("/metrics");
    assert!(metrics.head.contains("content-type: application/openmetrics-text"), "{}", metrics.head);
    for name in ["spoor_server_connections{listener=\"http\"} ", "process_resident_memory_bytes ", "# EOF\n"]
    {
        assert!(metrics.body.contains(name), "{name} is missing in {}", metrics.body);
    }
    let address = server.http.to_string();
    assert_eq!(finish(&mut spoor(&["health", "--http", &address])).0, Some(0));
    drop(server);
    let (code, _, said) = finish(&mut spoor(&["health", "--http", &address]));
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("failed to ask {address}")), "{said}");
}

#[test]
fn the_page_answers_every_address_but_calls() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let page = server.get("/flow/ord-1");
    assert_eq!(page.status, 200);
    for header in ["content-type: text/html", "content-security-policy: ", "x-content-type-options: nosniff"]
    {
        assert!(page.head.contains(header), "{header} is missing in {}", page.head);
    }
    let call = server.get("/api/v1/nothing");
    assert_eq!(call.status, 404);
    assert_eq!(call.json()["error"]["code"], "no_such_call");
    let of_jaeger = server.get("/api/nothing");
    assert_eq!((of_jaeger.status, of_jaeger.json()["errors"][0]["code"].as_i64()), (404, Some(404)));
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let mut stream = connect(server.http);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: s\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(
        head.contains("content-encoding: gzip\r\n") && head.contains("vary: accept-encoding\r\n"),
        "{head}"
    );
}

#[test]
fn a_base_path_moves_page_and_api_and_leaves_health() {
    let folder = folder();
    let config = folder.path().join("spoor.yaml");
    std::fs::write(&config, "listen: {base_path: /tools/spoor}\n").unwrap();
    let server = Server::start(&folder.path().join("data"), &["--config", config.to_str().unwrap()]);
    for path in ["/", "/tools/spoor"] {
        let answer = server.get(path);
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert!(answer.head.contains("location: /tools/spoor/\r\n"), "{path}: {}", answer.head);
    }
    for path in ["/tools/spoor/", "/tools/spoor/flow/ord-1"] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.body.contains("<html"), "{path}");
    }
    assert_eq!(server.get("/tools/spoor/api/v1/nothing").json()["error"]["code"], "no_such_call");
    assert_eq!(server.get("/elsewhere").status, 404);
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn heads_that_are_too_large_are_refused_and_the_server_lives_on() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let many = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect::<String>();
    assert_eq!(request(server.http, &format!("GET / HTTP/1.1\r\n{many}"), b"").status, 431);
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n", "y".repeat(1 << 20));
    let mut stream = connect(server.http);
    // The server may close before it has read everything.
    drop(stream.write_all(long.as_bytes()));
    drop(stream);
    let mut rubbish = connect(server.http);
    rubbish.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").unwrap();
    assert_eq!(read_answer(rubbish).status, 400);
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn connections_past_the_bound_wait_for_a_place() {
    let folder = folder();
    let config = folder.path().join("spoor.yaml");
    std::fs::write(&config, "listen: {connections_max: 1}\n").unwrap();
    let server = Server::start(&folder.path().join("data"), &["--config", config.to_str().unwrap()]);
    let mut first = connect(server.http);
    first.write_all(b"GET /livez HTTP/1.1\r\nHost: s\r\n\r\n").unwrap();
    let mut answered = [0; 12];
    first.read_exact(&mut answered).unwrap();
    let mut second = connect(server.http);
    second.write_all(b"GET /livez HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n").unwrap();
    drop(first);
    assert_eq!(read_answer(second).status, 200);
    let full = server.get("/metrics").body;
    assert!(!full.contains("spoor_server_connections_full_total{listener=\"http\"} 0\n"), "{full}");
    assert!(full.contains("spoor_server_connections_full_total{listener=\"http\"}"), "{full}");
}
