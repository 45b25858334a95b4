//! `GET /context`: the records around one.

use serde_json::{Value as Json, json};

use crate::world::{Sample, T, World, log, span, text, trace_hex};

fn records() -> Vec<Sample> {
    let of = |instance: &str, body: &str, time: u64| {
        log("cart", body, time).resource(text("service.instance.id", instance))
    };
    let mut all: Vec<Sample> = (0..10).map(|n| of("i-1", &format!("a{n}"), T + n / 2)).collect();
    all.extend((0..10).map(|n| of("i-2", &format!("b{n}"), T + n)));
    all.extend([
        log("shop", "in the trace", T + 3).within(1, 1),
        span("shop", 1, 1, T + 2).correlated("order.id", "o-1"),
        log("mail", "of the order", T + 900).correlated("order.id", "o-1"),
    ]);
    all
}

async fn id_of(world: &World, query: &str) -> String {
    let answer = world.get(&format!("/api/v1/search?q={query}")).await;
    answer["records"][0]["record"].as_str().unwrap().to_owned()
}

fn bodies(records: &Json) -> Vec<&str> {
    let name = |record: &Json| if record["signal"] == "spans" { "name" } else { "body" };
    records.as_array().unwrap().iter().map(|record| record[name(record)].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_neighbours_in_time_of_the_same_instance_service_or_flow() {
    let world = World::new().await;
    let mut samples = records();
    let rest = samples.split_off(7);
    world.append(samples).await;
    world.publish().await;
    world.append(rest).await;
    for _ in 0..2 {
        let id = id_of(&world, "a5").await;
        let answer = world.get(&format!("/api/v1/context?record={id}&before=3&after=2")).await;
        assert_eq!(answer["within"], "instance");
        assert_eq!(answer["record"]["body"], "a5");
        assert_eq!(bodies(&answer["before"]), ["a2", "a3", "a4"]);
        assert_eq!(bodies(&answer["after"]), ["a6", "a7"]);
        let answer = world.get(&format!("/api/v1/context?record={id}&within=service")).await;
        assert_eq!(bodies(&answer["before"]).len() + bodies(&answer["after"]).len(), 19);
        assert!(bodies(&answer["after"]).contains(&"b9"));

        let id = id_of(&world, "signal:spans").await;
        let answer = world.get(&format!("/api/v1/context?record={id}")).await;
        assert_eq!(answer["within"], "flow");
        assert_eq!(
            (bodies(&answer["before"]).len(), bodies(&answer["after"])),
            (0, vec!["in the trace", "of the order"])
        );
        assert_eq!(answer["record"]["trace_id"], trace_hex(1));
        let id = id_of(&world, "service:mail").await;
        let answer = world.get(&format!("/api/v1/context?record={id}")).await;
        assert_eq!(bodies(&answer["before"]), ["shop 1"]);
        world.publish().await;
    }
}

#[tokio::test]
async fn a_permalink_outlives_merges_and_is_found_by_its_time_when_its_id_is_gone() {
    let world = World::new().await;
    let mut id = String::new();
    for number in 0..4 {
        world.append(vec![log("cart", &format!("r{number}"), T + number)]).await;
        world.publish().await;
        if number == 1 {
            // Two alike are not merged yet.
            id = id_of(&world, "r1").await;
        }
    }
    world.wait_until_merged(4).await;
    assert_ne!(id_of(&world, "r1").await, id, "it was moved");
    let answer = world.get(&format!("/api/v1/context?record={id}")).await;
    assert_eq!((&answer["record"]["body"], bodies(&answer["before"])), (&json!("r1"), vec!["r0"]));

    let gone = "0198c0de000070008000000000000000-5";
    let path = format!("/api/v1/context?record={gone}");
    let (status, error) = world.refused(&path).await;
    assert_eq!((status, &error["code"]), (404, &json!("record_gone")), "{error}");
    let answer = world.get(&format!("{path}&time={}&service=cart", T + 2)).await;
    assert_eq!(answer["record"]["body"], "r2");
    assert_eq!(world.refused(&format!("{path}&time={}&service=x", T + 2)).await.0, 404);
    for (query, message) in [
        ("record=x", "parameter `record`: `x` is no record's id"),
        ("within=flow", "parameter `record`: missing"),
    ] {
        let (status, error) = world.refused(&format!("/api/v1/context?{query}")).await;
        assert_eq!((status, error["message"].as_str()), (400, Some(message)));
    }
    let id = id_of(&world, "r3").await;
    let (status, error) = world.refused(&format!("/api/v1/context?record={id}&within=flow")).await;
    assert_eq!(status, 400, "{error}");
}
