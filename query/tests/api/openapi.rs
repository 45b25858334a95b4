//! The description of the API: as it was agreed, and as the answers are.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::world::{T, World, log, span};

/// The properties that a schema names, and those of them that are always there.
fn properties(description: &Json, schema: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &description["components"]["schemas"][schema];
    let all =
        schema["properties"].as_object().unwrap_or_else(|| panic!("{schema}")).keys().cloned().collect();
    let required = schema["required"].as_array().into_iter().flatten();
    (all, required.map(|name| name.as_str().unwrap().to_owned()).collect())
}

fn assert_described(description: &Json, schema: &str, answer: &Json) {
    let (all, required) = properties(description, schema);
    let told: BTreeSet<String> = answer.as_object().unwrap().keys().cloned().collect();
    assert!(told.is_subset(&all), "{schema} does not describe {:?}", told.difference(&all));
    assert!(required.is_subset(&told), "{schema} promises {:?}", required.difference(&told));
}

#[tokio::test]
async fn the_description_is_as_it_was_agreed() {
    let world = World::new().await;
    let description = world.get("/api/v1/openapi.json").await;
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&description).unwrap());
}

#[tokio::test]
async fn answers_are_as_described() {
    let world = World::new().await;
    world
        .append(vec![
            span("cart", 1, 1, T).correlated("order.id", "o-1").failed("x"),
            log("cart", "x", T).within(1, 1),
        ])
        .await;
    let description = world.get("/api/v1/openapi.json").await;
    let search = world.get("/api/v1/search").await;
    assert_described(&description, "Search", &search);
    for record in search["records"].as_array().unwrap() {
        assert_described(&description, "Record", record);
        let id = record["record"].as_str().unwrap();
        assert_described(&description, "Context", &world.get(&format!("/api/v1/context?record={id}")).await);
    }
    assert_described(&description, "Stats", &search["stats"]);
    let flow = world.get("/api/v1/flows/o-1").await;
    assert_described(&description, "Flow", &flow);
    assert_described(&description, "TraceSummary", &flow["traces"][0]);
    assert_described(&description, "Cause", &flow["cause"]);
    assert_described(&description, "FindAnswer", &world.get("/api/v1/find?id=o-1").await);
    assert_described(&description, "FieldsAnswer", &world.get("/api/v1/fields").await);
    assert_described(&description, "ValuesAnswer", &world.get("/api/v1/fields/service/values").await);
    assert_described(&description, "HistogramAnswer", &world.get("/api/v1/histogram").await);
    assert_described(&description, "ServicesAnswer", &world.get("/api/v1/services").await);
    let (_, error) = world.refused("/api/v1/search?q=(").await;
    assert_described(&description, "ErrorBody", &error);
    assert_eq!(
        world.get("/api/v1/search?q=httq.x:1").await["hint"],
        json!("no record has the field `httq.x`")
    );
}
