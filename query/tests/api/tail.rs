//! `GET /tail`: each record once, from the moment it is acknowledged, whatever becomes of its split.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use spoor_query::Config;
use spoor_runtime::clock::Clock;
use spoor_store::model::Tenant;

use crate::world::{EventReader, T, World, log, span};

async fn bodies(reader: &mut EventReader, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..count {
        found.push(reader.expect("record").await.data["body"].as_str().unwrap().to_owned());
    }
    found
}

#[tokio::test]
async fn only_what_arrives_from_now_on_and_is_asked_for_comes_soon_after_it_is_acknowledged() {
    let world = World::live(Config::default()).await;
    world.append(vec![log("cart", "before", T)]).await;
    let mut tail = world.stream("/api/v1/tail?q=service:cart&signal=logs", None).await;
    let other = Tenant::new("other").unwrap();
    for number in 0..20 {
        world.append_for(&other, vec![log("cart", "of another tenant", T)]).await;
        world.append(vec![span("cart", 1, 1, T), log("payment", "of another service", T)]).await;
        let text = format!("record {number}");
        world.append(vec![log("cart", &text, T - number)]).await;
        let clock = Clock::system();
        assert_eq!(bodies(&mut tail, 1).await, [text]);
        let took = clock.monotonic();
        assert!(took < Duration::from_secs(1), "{took:?} on a machine that may be busy");
    }
}

#[tokio::test]
async fn nothing_comes_twice_and_nothing_is_missed_while_splits_are_published_and_merged() {
    const RECORDS: usize = 400;
    let world = World::live(Config { tail_records_max: 100_000, ..Config::default() }).await;
    let mut tail = world.stream("/api/v1/tail", None).await;
    let write = async {
        for number in 0..RECORDS {
            world.append(vec![log("cart", &format!("{number}"), T + number as u64)]).await;
            if number % 40 == 39 {
                world.publish().await;
            }
        }
        // The reader may be behind while small splits become one.
        world.wait_until_merged(RECORDS / 40).await;
        world.append(vec![log("cart", "last", T)]).await;
    };
    let read = async {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let event = tail.expect("record").await;
            let body = event.data["body"].as_str().unwrap().to_owned();
            if body == "last" {
                return seen;
            }
            *seen.entry(body).or_default() += 1;
        }
    };
    let ((), seen) = tokio::join!(write, read);
    assert_eq!(seen.len(), RECORDS);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[tokio::test]
async fn a_reader_that_was_away_during_a_merge_gets_what_it_missed() {
    let world = World::live(Config::default()).await;
    let mut tail = world.stream("/api/v1/tail", None).await;
    for number in 0..4 {
        world.append(vec![log("cart", &format!("{number}"), T + number)]).await;
        if number == 0 {
            assert_eq!(bodies(&mut tail, 1).await, ["0"]);
        }
        world.publish().await;
    }
    world.wait_until_merged(4).await;
    world.append(vec![log("cart", "4", T + 4)]).await;
    assert_eq!(bodies(&mut tail, 4).await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_slow_reader_gets_the_newest_and_is_told_how_many_it_lost() {
    let world = World::live(Config { tail_records_max: 3, ..Config::default() }).await;
    let mut tail = world.stream("/api/v1/tail?q=wanted", None).await;
    for number in 0..10 {
        world.append(vec![log("cart", &format!("wanted {number}"), T), log("cart", "other", T)]).await;
    }
    assert_eq!(tail.expect("dropped").await.data, json!({ "count": 7 }));
    assert_eq!(bodies(&mut tail, 3).await, ["wanted 7", "wanted 8", "wanted 9"]);
    assert!(world.metrics().contains("spoor_query_tail_dropped_total 7\n"));
}

#[tokio::test]
async fn a_reader_comes_back_to_where_it_was() {
    let world = World::live(Config::default()).await;
    let mut tail = world.stream("/api/v1/tail", None).await;
    world.append(vec![log("cart", "a", T), log("cart", "b", T)]).await;
    tail.expect("record").await;
    let last = tail.expect("record").await.id.unwrap();
    drop(tail);
    world.append(vec![log("cart", "c", T)]).await;
    world.publish().await;
    world.append(vec![log("cart", "d", T)]).await;
    let mut back = world.stream("/api/v1/tail", Some(&last)).await;
    assert_eq!(bodies(&mut back, 2).await, ["c", "d"]);
    let gone = "0198c0de000070008000000000000000-5";
    let mut lost = world.stream("/api/v1/tail", Some(gone)).await;
    assert_eq!(lost.expect("dropped").await.data, json!({ "count": null }));
    world.append(vec![log("cart", "e", T)]).await;
    assert_eq!(bodies(&mut lost, 1).await, ["e"]);
}

#[tokio::test]
async fn tails_are_bounded_and_end_when_the_process_stops() {
    let world = World::live(Config { tails_max: 1, ..Config::default() }).await;
    let (status, error) = world.refused("/api/v1/tail?q=(").await;
    assert_eq!((status, &error["code"]), (400, &json!("syntax")));
    let mut tail = world.stream("/api/v1/tail", None).await;
    let (status, error) = world.refused("/api/v1/tail").await;
    assert_eq!((status, &error["code"]), (429, &json!("throttled")), "{error}");
    let (status, _) = world.refused("/api/v1/flows/x?live=1").await;
    assert_eq!(status, 429);
    world.end.shut_down();
    assert_eq!(tail.next().await, None);
    drop(tail);
    assert!(world.metrics().contains("spoor_query_tails 0\n"));
}
