//! `GET /stats`: reports over many records.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use spoor_proto::otlp::any_value::Value;
use spoor_query::Config;

use crate::world::{SECOND, Sample, T, World, attribute, log, span, text};

fn percent(query: &str) -> String {
    query.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn path(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    format!("/api/v1/stats?{}", pairs.join("&"))
}

fn size(value: i64) -> spoor_proto::otlp::KeyValue {
    attribute("size", Value::IntValue(value))
}

async fn world() -> World {
    let world = World::new().await;
    let took = |nanos: u64, sample: Sample| {
        sample.span(|span| span.end_time_unix_nano = span.start_time_unix_nano + nanos)
    };
    world
        .append(vec![
            took(1_000_000, span("cart", 1, 1, T)).attribute(size(10)).attribute(text("user", "ann")),
            took(3_000_000, span("cart", 1, 2, T + SECOND)).attribute(size(20)).failed("no"),
            took(9_000_000, span("payment", 2, 3, T + 61 * SECOND)).under(1).attribute(text("size", "30")),
        ])
        .await;
    world.publish().await;
    world
        .append(vec![
            log("cart", "hello", T + 62 * SECOND)
                .attribute(text("size", "big"))
                .attribute(text("user", "bob")),
            log("payment", "declined", T + 63 * SECOND)
                .failed("")
                .attribute(attribute("size", Value::DoubleValue(2.5))),
        ])
        .await;
    world
}

#[tokio::test]
async fn groups_are_measured_over_hot_rows_and_splits() {
    let world = world().await;
    let select = "count, ratio(status:error OR severity:>=error), sum(size), avg(size), min(size), max(size), distinct(user), p99(duration)";
    let answer = world.get(&path(&[("select", select), ("group_by", "service")])).await;
    let of = |service: &str| {
        let groups = answer["groups"].as_array().unwrap();
        groups.iter().find(|group| group["by"]["service"] == service).unwrap()["values"].clone()
    };
    let cart = of("cart");
    assert_eq!(
        (&cart["count"], &cart["sum(size)"], &cart["avg(size)"], &cart["min(size)"], &cart["max(size)"]),
        (&json!(3), &json!(30), &json!(15), &json!(10), &json!(20))
    );
    assert_eq!(cart["distinct(user)"], 2);
    let ratio = cart["ratio(status:error OR severity:>=error)"].as_f64().unwrap();
    assert!((ratio - 1.0 / 3.0).abs() < 1e-9, "{ratio}");
    assert_eq!(of("payment")["sum(size)"], 32.5);
    let p99 = of("payment")["p99(duration)"].as_f64().unwrap();
    assert!((p99 / 9_000_000.0 - 1.0).abs() <= 0.01, "{p99}");
    assert_eq!(answer["ignored"], json!({"size": 1}));
    assert_eq!(
        (&answer["groups_total"], &answer["truncated"], &answer["interval_ns"]),
        (&json!(2), &json!(0), &Json::Null)
    );
    assert_eq!(
        (&answer["start"], &answer["end"]),
        (&json!(T.to_string()), &json!((T + 63 * SECOND).to_string()))
    );
    assert_eq!(answer["approximate"], json!([]));
}

#[tokio::test]
async fn every_kind_of_field_has_groups() {
    let world = world().await;
    world
        .append(vec![
            log("cart", "x", T).correlated("order.id", "o-1"),
            log("cart", "y", T).attribute(text("orderId", "o-1")),
        ])
        .await;
    for (by, expected) in [
        ("signal", json!([["logs", 4], ["spans", 3]])),
        ("severity", json!([[null, 3], ["info", 3], ["error", 1]])),
        ("kind", json!([[null, 4], ["server", 3]])),
        ("status", json!([[null, 4], ["unset", 2], ["error", 1]])),
        ("root", json!([[null, 4], ["true", 2], ["false", 1]])),
        ("owner", json!([[null, 5], ["payments", 2]])),
        ("resource.service.name", json!([["cart", 5], ["payment", 2]])),
        ("attributes.user", json!([[null, 5], ["ann", 1], ["bob", 1]])),
        ("user", json!([[null, 5], ["ann", 1], ["bob", 1]])),
        ("order.id", json!([[null, 5], ["o-1", 2]])),
        ("name", json!([[null, 4], ["cart 1", 1], ["cart 2", 1], ["payment 3", 1]])),
        ("absent", json!([[null, 7]])),
    ] {
        let answer = world.get(&path(&[("group_by", by)])).await;
        let groups = answer["groups"].as_array().unwrap();
        let found: Vec<Json> =
            groups.iter().map(|group| json!([group["by"][by], group["values"]["count"]])).collect();
        assert_eq!(json!(found), expected, "{by}");
    }
    let answer =
        world.get(&path(&[("group_by", "service,status"), ("q", "signal:spans"), ("limit", "1")])).await;
    assert_eq!(
        answer["groups"],
        json!([{"by": {"service": "cart", "status": "error"}, "values": {"count": 1}}])
    );
    assert_eq!((&answer["groups_total"], &answer["truncated"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn a_series_has_round_buckets_and_tells_of_empty_ones() {
    let world = world().await;
    let end = (T + 180 * SECOND - 1).to_string();
    let start = T.to_string();
    let answer = world
        .get(&path(&[
            ("select", "count,rate,sum(size),avg(size)"),
            ("interval", "1m"),
            ("start", &start),
            ("end", &end),
        ]))
        .await;
    assert_eq!(answer["interval_ns"], "60000000000");
    let series = answer["groups"][0]["series"].as_array().unwrap();
    let counts: Vec<&Json> = series.iter().map(|point| &point["values"]["count"]).collect();
    assert_eq!(json!(counts), json!([2, 3, 0]));
    assert_eq!(series[2]["values"], json!({"count": 0, "rate": 0, "sum(size)": 0, "avg(size)": null}));
    assert_eq!(series[1]["start"], (T + 60 * SECOND).to_string());
    assert_eq!(series[1]["values"]["rate"], 0.05);
    assert_eq!(answer["groups"][0]["values"]["count"], 5);
    let auto = world.get(&path(&[("interval", "auto"), ("group_by", "service")])).await;
    assert!(auto["groups"][0]["series"].as_array().unwrap().len() <= 60, "{auto}");
    let nothing = world.get(&path(&[("q", "nowhere"), ("select", "count,p50(duration),ratio(x)")])).await;
    assert_eq!(
        nothing["groups"],
        json!([{"by": {}, "values": {"count": 0, "p50(duration)": null, "ratio(x)": null}}])
    );
    assert_eq!(world.get(&path(&[("q", "nowhere"), ("group_by", "service")])).await["groups"], json!([]));
}

#[tokio::test]
async fn groups_are_ordered_as_asked() {
    let world = world().await;
    let by = |order: &'static str| {
        path(&[("select", "count,max(size)"), ("group_by", "service"), ("order", order)])
    };
    for (order, first) in
        [("count", "cart"), ("count asc", "payment"), ("max(size)", "payment"), ("max(size) asc", "cart")]
    {
        assert_eq!(world.get(&by(order)).await["groups"][0]["by"]["service"], first, "{order}");
    }
}

#[tokio::test]
async fn faults_are_told_with_what_to_write() {
    let world = World::with(Config { stats_groups_max: 2, ..Config::default() }).await;
    for (parameters, status, code, message) in [
        (
            vec![("select", "cuont")],
            400,
            "syntax",
            "`cuont` computes nothing; did you mean `count`? (column 1)",
        ),
        (vec![("select", "count, ratio(a:x (b)")], 400, "syntax", "this `(` is not closed (column 13)"),
        (
            vec![("select", "count, ratio(severity:eror)")],
            400,
            "syntax",
            "`eror` is no severity; did you mean `error`? (column 23)",
        ),
        (
            vec![("select", "p95(service)")],
            400,
            "syntax",
            "`service` is no number; measure `duration` or an attribute (for an attribute called so, write `attributes.service`) (column 5)",
        ),
        (
            vec![("group_by", "service, severty")],
            400,
            "syntax",
            "`severty` is no field; did you mean `severity`? (for an attribute called so, write `attributes.severty`) (column 10)",
        ),
        (vec![("group_by", "body")], 400, "syntax", "`body` has no groups; search its words (column 1)"),
        (
            vec![("group_by", "a,b,c,d,e")],
            400,
            "syntax",
            "records are grouped by at most 4 fields (column 9)",
        ),
        (
            vec![("interval", "soon")],
            400,
            "invalid",
            "parameter `interval`: `soon` is neither a duration such as 30s, 5m or 1h, nor `auto`",
        ),
        (
            vec![("interval", "1ns"), ("start", "-1h"), ("end", "now")],
            400,
            "invalid",
            "parameter `interval`: makes 3600000000001 buckets; 1000 is the most: widen it or narrow the time range",
        ),
        (
            vec![("order", "rate")],
            400,
            "invalid",
            "parameter `order`: `rate` is not selected; order by `count`, with ` asc` or ` desc`",
        ),
        (vec![("limit", "3")], 400, "invalid", "parameter `limit`: `3` is no whole number from 1 to 2"),
    ] {
        let (found, error) = world.refused(&path(&parameters)).await;
        assert_eq!(
            (found, &error["code"], &error["message"]),
            (status, &json!(code), &json!(message)),
            "{parameters:?}"
        );
    }
    world.append((1..4).map(|id| span("a", 1, id, T)).collect()).await;
    let (status, error) = world.refused(&path(&[("group_by", "name")])).await;
    assert_eq!((status, &error["code"]), (422, &json!("too_costly")));
    assert!(error["message"].as_str().unwrap().contains("more than 2 groups"), "{error}");
}

#[tokio::test]
async fn many_distinct_values_are_estimated_and_said_to_be() {
    let world = World::new().await;
    let logs = (0..30_000)
        .map(|number| log("a", "x", T + number).attribute(text("user", &format!("u-{}", number % 12_000))));
    world.append(logs.collect()).await;
    for published in [false, true] {
        let answer = world.get(&path(&[("select", "distinct(user),distinct(service)")])).await;
        let values = &answer["groups"][0]["values"];
        let users = values["distinct(user)"].as_f64().unwrap();
        assert!((users / 12_000.0 - 1.0).abs() < 0.08, "{users}, published: {published}");
        assert_eq!(
            (&values["distinct(service)"], &answer["approximate"]),
            (&json!(1), &json!(["distinct(user)"]))
        );
        world.publish().await;
    }
}

#[derive(Debug, Clone)]
struct Made {
    service: &'static str,
    is_span: bool,
    at: u64,
    took: u64,
    size: Option<i64>,
    user: Option<&'static str>,
    failed: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let service = prop::sample::select(vec!["cart", "payment", "quote"]);
    let user = prop::option::of(prop::sample::select(vec!["ann", "bob", "", "zoë"]));
    let rest = (0_u64..200, 1_u64..5_000_000_000, prop::option::of(-50_i64..500), user, any::<bool>());
    (service, any::<bool>(), rest).prop_map(|(service, is_span, (at, took, size, user, failed))| Made {
        service,
        is_span,
        at: T + at * SECOND,
        took,
        size,
        user,
        failed,
    })
}

impl Made {
    fn sample(&self) -> Sample {
        let sample =
            if self.is_span { span(self.service, 1, 1, self.at) } else { log(self.service, "x", self.at) };
        let mut sample = sample.span(|span| span.end_time_unix_nano = self.at + self.took);
        if let Some(number) = self.size {
            sample = sample.attribute(size(number));
        }
        if let Some(user) = self.user {
            sample = sample.attribute(text("user", user));
        }
        if self.failed { sample.failed("no") } else { sample }
    }
}

/// The values of one group or bucket, the plain way.
fn check(values: &Json, records: &[&Made]) {
    let close = |name: &str, expected: Option<f64>, accuracy: f64| {
        let found = values[name].as_f64();
        let is_close = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() <= expected.abs() * accuracy + 1e-9,
            (found, expected) => found == expected,
        };
        assert!(is_close, "{name} is {found:?}, expected {expected:?}");
    };
    let sizes: Vec<f64> = records.iter().filter_map(|made| made.size).map(|size| size as f64).collect();
    let sum: f64 = sizes.iter().sum();
    let failed = records.iter().filter(|made| made.failed).count();
    let users: BTreeSet<&str> = records.iter().filter_map(|made| made.user).collect();
    let mut took: Vec<u64> = records.iter().filter(|made| made.is_span).map(|made| made.took).collect();
    took.sort_unstable();
    let some = |count: usize, value: f64| (count > 0).then_some(value);
    close("count", Some(records.len() as f64), 0.0);
    close("sum(size)", Some(sum), 1e-9);
    close("avg(size)", some(sizes.len(), sum / sizes.len() as f64), 1e-9);
    close("min(size)", sizes.iter().copied().reduce(f64::min), 0.0);
    close("max(size)", sizes.iter().copied().reduce(f64::max), 0.0);
    close("distinct(user)", Some(users.len() as f64), 0.0);
    close(
        "ratio(status:error OR severity:error)",
        some(records.len(), failed as f64 / records.len() as f64),
        1e-9,
    );
    for (name, quantile) in [("p50(duration)", 0.5), ("p99.9(duration)", 0.999)] {
        let rank = (quantile * (took.len().max(1) as f64 - 1.0)) as usize;
        close(name, took.get(rank).map(|nanos| *nanos as f64), 0.0101);
    }
}

async fn reports_are_right(hot: Vec<Made>, published: Vec<Made>) {
    let world = World::new().await;
    world.append(published.iter().map(Made::sample).collect()).await;
    world.publish().await;
    world.append(hot.iter().map(Made::sample).collect()).await;
    let all: Vec<&Made> = hot.iter().chain(&published).collect();
    let select = "count,sum(size),avg(size),min(size),max(size),distinct(user),p50(duration),p99.9(duration),ratio(status:error OR severity:error)";
    let (start, end) = (T.to_string(), (T + 200 * SECOND).to_string());
    for (by, keys) in [
        ("", vec![]),
        ("service", vec!["service"]),
        ("user,service,signal", vec!["user", "service", "signal"]),
    ] {
        let parameters =
            [("select", select), ("group_by", by), ("interval", "30s"), ("start", &start), ("end", &end)];
        let answer = world.get(&path(&parameters)).await;
        let value = |made: &Made, key: &str| match key {
            "service" => json!(made.service),
            "user" => json!(made.user),
            _ => json!(if made.is_span { "spans" } else { "logs" }),
        };
        let mut by_key: BTreeMap<String, Vec<&Made>> = BTreeMap::new();
        for made in &all {
            let key: Vec<Json> = keys.iter().map(|key| value(made, key)).collect();
            by_key.entry(json!(key).to_string()).or_default().push(*made);
        }
        let groups = answer["groups"].as_array().unwrap();
        assert_eq!(groups.len(), by_key.len(), "{by}");
        for group in groups {
            let key: Vec<&Json> = keys.iter().map(|key| &group["by"][*key]).collect();
            let records = &by_key[&json!(key).to_string()];
            check(&group["values"], records);
            for point in group["series"].as_array().unwrap() {
                let start: u64 = point["start"].as_str().unwrap().parse().unwrap();
                assert!(start.is_multiple_of(30 * SECOND));
                let inside = |made: &&&Made| (start..start + 30 * SECOND).contains(&made.at);
                check(&point["values"], &records.iter().filter(inside).copied().collect::<Vec<_>>());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn reports_equal_what_a_plain_list_gives(
        hot in prop::collection::vec(made(), 1..60),
        published in prop::collection::vec(made(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        runtime.block_on(reports_are_right(hot, published));
    }
}
