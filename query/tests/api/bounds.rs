//! What keeps one query, one tenant and one client from taking more than their part.

use std::io::{Read as _, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use spoor_query::Config;
use spoor_runtime::clock::Clock;
use spoor_store::model::Tenant;

use crate::world::{T, World, log, text};

#[tokio::test]
async fn hostile_queries_are_refused_with_their_place_and_never_hang() {
    let world = World::new().await;
    world.append(vec![log("cart", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", T)]).await;
    for (query, position, message) in [
        ("x ".repeat(500_000), 65_536, "the query is 1000000 bytes long; 65536 is the most"),
        ("(".repeat(10_000), 64, "the query is nested more than 64 deep"),
        ("a ".repeat(30_000), 2_000, "the query has more than 1000 conditions"),
        ("k:a OR ".repeat(9_000), 7_002, "the query has more than 1000 conditions"),
        ("k:/(a{1000}){1000}/".to_owned(), 2, "the regex is too big; repeat less"),
        ("body:/((a{100}){100}){100}/".to_owned(), 5, "the regex is too big; repeat less"),
        ("k:/(?<x>a)(?=b)/".to_owned(), 2, "the regex is wrong: look-around"),
        ("http.duration:>250ms".to_owned(), 14, "`250ms` has a unit"),
    ] {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let (status, answer) = world.post("/api/v1/search", &format!("q={encoded}")).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["code"], &error["position"]),
            (400, &json!("syntax"), &json!(position)),
            "{error}"
        );
        assert!(error["message"].as_str().unwrap().starts_with(message), "{error}");
        assert!(!error["expected"].as_array().unwrap().is_empty());
    }
    // A backtracking engine would take years for these.
    let clock = Clock::system();
    for query in ["body:/(a*)*b/", "body:/(a|a)*b/", "body:*a*a*a*a*a*a*a*b"] {
        let (status, answer) = world.post("/api/v1/search", &format!("q={query}")).await;
        assert_eq!((status, &answer["total"]), (200, &json!(0)), "{answer}");
    }
    assert!(clock.monotonic() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_form_is_as_good_as_a_url_and_other_bodies_are_refused() {
    let world = World::new().await;
    world.append(vec![log("cart", "x", T), log("shop", "x", T)]).await;
    let (status, answer) = world.post("/api/v1/search?limit=5", "q=service%3Acart&signal=logs").await;
    assert_eq!((status, &answer["total"]), (200, &json!(1)));
    let (status, answer) = world.post("/api/v1/flows/none", "live=maybe").await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid")), "a form names a stream too");
    let (status, answer) = world.post("/api/v1/search?q=a", "q=b").await;
    assert_eq!((status, &answer["error"]["message"]), (400, &json!("parameter `q`: given more than once")));
    let (status, _, answer) =
        world.call(http::Method::POST, "/api/v1/search", &[("content-type", "application/json")]).await;
    assert_eq!(status, 400);
    let message = "parameter `body`: a POST takes its parameters as application/x-www-form-urlencoded";
    assert_eq!(answer["error"]["message"], message);
}

#[tokio::test]
async fn a_condition_on_too_many_values_is_refused_with_what_to_narrow() {
    let world = World::new().await;
    // More values than are kept as terms: each hit of the regex has to be read.
    let unique = |n: u64| log("cart", "x", T + n).attribute(text("request.uuid", &format!("value-{n}")));
    for chunk in 0..13 {
        world.append((chunk * 10_000..(chunk + 1) * 10_000).map(unique).collect()).await;
    }
    world.publish().await;
    let clock = Clock::system();
    let (status, error) = world.refused("/api/v1/search?q=request.uuid:/.*7/").await;
    assert_eq!((status, &error["code"]), (422, &json!("too_costly")), "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("narrow the time range or add a condition"),
        "{error}"
    );
    assert!(clock.monotonic() < Duration::from_secs(20));
    let range = format!("/api/v1/search?q=request.uuid:/.*7/&start={T}&end={}", T + 999);
    assert_eq!(world.get(&range).await["total"], 100, "narrowed, it is answered");
}

#[tokio::test]
async fn a_tenant_with_as_many_queries_as_it_may_have_is_turned_away_and_others_are_not() {
    let config = Config { concurrent_per_tenant_max: 1, waiting_max: 0, ..Config::default() };
    let world = World::with(config).await;
    // The one query that may run waits for a computing thread.
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let hold = || {
        let (cpu, released) = (world.cpu.clone(), released.clone());
        async move { cpu.run(move || released.lock().unwrap().recv().is_ok()).await }
    };
    let (first, second) = (hold(), hold());
    tokio::pin!(first, second);
    assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());
    let running = world.get("/api/v1/services");
    tokio::pin!(running);
    assert!(futures_util::poll!(&mut running).is_pending());
    let path = "/api/v1/services";
    let (status, headers, answer) = world.call(http::Method::GET, path, &[]).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (429, &json!("throttled")));
    assert_eq!(headers["retry-after"], "1");
    let other = world.call(http::Method::GET, path, &[("X-Scope-OrgID", "other")]);
    tokio::pin!(other);
    assert!(futures_util::poll!(&mut other).is_pending(), "it has its turn");
    release.send(()).unwrap();
    release.send(()).unwrap();
    assert!(first.await.unwrap() && second.await.unwrap());
    running.await;
    assert_eq!(other.await.0, 200);
    assert!(Tenant::new("other").is_ok());
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_query() {
    let world = World::new().await;
    world.append(vec![log("cart", "x", T)]).await;
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let hold = || {
        let (cpu, released) = (world.cpu.clone(), released.clone());
        async move { cpu.run(move || released.lock().unwrap().recv().is_ok()).await }
    };
    let (first, second) = (hold(), hold());
    tokio::pin!(first, second);
    assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = axum::serve(listener, world.router()).into_future();
    let (arrived, has_arrived) = mpsc::channel();
    let client = std::thread::spawn(move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        connection.write_all(b"GET /api/v1/search HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        has_arrived.recv().unwrap();
        drop(connection);
        let mut again = std::net::TcpStream::connect(address).unwrap();
        again
            .write_all(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        again.read_to_string(&mut answer).unwrap();
        answer
    });
    let watch = async {
        world.wait_until("spoor_query_running", |running| running == 1).await;
        arrived.send(()).unwrap();
        world.wait_until("spoor_query_cancelled_total", |cancelled| cancelled == 1).await;
        world.wait_until("spoor_query_running", |running| running == 0).await;
    };
    tokio::select! {
        () = watch => {}
        ended = server => panic!("the server ended: {ended:?}"),
    }
    release.send(()).unwrap();
    release.send(()).unwrap();
    assert!(first.await.unwrap() && second.await.unwrap());
    drop(client);
    assert_eq!(world.get("/api/v1/search").await["total"], 1);
}

#[tokio::test]
async fn what_a_query_cost_is_told() {
    let world = World::new().await;
    world.append((0..10).map(|n| log("cart", "x", T + n)).collect()).await;
    world.publish().await;
    world.append((0..5).map(|n| log("shop", "y", T + n)).collect()).await;
    let stats = &world.get("/api/v1/search?q=service:cart&limit=100").await["stats"];
    assert_eq!((&stats["records"], &stats["read"]), (&json!(15), &json!(10)), "{stats}");
    assert!(stats["held_bytes"].as_u64().unwrap() > 100, "{stats}");
    let stats = &world.get("/api/v1/histogram").await["stats"];
    assert_eq!((&stats["records"], &stats["read"], &stats["held_bytes"]), (&json!(15), &json!(0), &json!(0)));
}
