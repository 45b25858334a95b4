//! Rates, errors and latencies over time, as jaeger-ui's monitor reads them.

use http::Method;
use serde_json::{Value as Json, json};
use spoor_query::Config;

use crate::world::{SECOND, Sample, T, World, span};

/// Three points half a minute apart, each of the half minute before it, the last a minute after the first records.
fn around(query: &str) -> String {
    format!("{query}&endTs={}&lookback=60000&step=30000&ratePer=30000", T / 1_000_000 + 60_000)
}

fn named(name: &str, id: u8, start: u64, tenths: u64) -> Sample {
    span("web", 1, id, start).span(|span| {
        span.name = name.to_owned();
        span.end_time_unix_nano = start + tenths * SECOND / 10;
    })
}

async fn world() -> World {
    let world = World::new().await;
    world
        .append(vec![
            named("GET /a", 1, T + SECOND, 10),
            named("GET /a", 2, T + 12 * SECOND, 20).failed("boom"),
            named("GET /b", 3, T + 23 * SECOND, 30),
            named("GET /b", 4, T + 34 * SECOND, 40),
            named("SELECT", 5, T + 35 * SECOND, 1).span(|span| span.kind = 3),
            span("cart", 1, 6, T + SECOND),
        ])
        .await;
    world
}

/// The values of a family's series, each under what its labels say.
fn values(family: &Json) -> Vec<(Vec<&str>, Vec<&Json>)> {
    let series = family["metrics"].as_array().unwrap().iter();
    series
        .map(|one| {
            let labels = one["labels"].as_array().unwrap().iter();
            let points = one["metricPoints"].as_array().unwrap().iter();
            (
                labels.map(|label| label["value"].as_str().unwrap()).collect(),
                points.map(|point| &point["gaugeValue"]["doubleValue"]).collect(),
            )
        })
        .collect()
}

#[tokio::test]
async fn rates_are_told_as_a_family_in_hot_rows_and_in_a_split() {
    let world = world().await;
    let point = |time: &str, value: f64| json!({"timestamp": time, "gaugeValue": {"doubleValue": value}});
    for _ in 0..2 {
        assert_eq!(
            world.get(&format!("/api/metrics/calls?{}", around("service=web"))).await,
            json!({
                "name": "service_call_rate",
                "type": "GAUGE",
                "help": "calls/sec, grouped by service",
                "metrics": [{
                    "labels": [{"name": "service_name", "value": "web"}],
                    "metricPoints": [
                        point("2027-01-15T07:00:00Z", 0.0),
                        point("2027-01-15T07:00:30Z", 3.0 / 30.0),
                        point("2027-01-15T07:01:00Z", 1.0 / 30.0),
                    ],
                }],
            })
        );
        world.publish().await;
    }
    let none = world.get("/api/metrics/calls?service=nobody").await;
    assert_eq!(none["metrics"], json!([]));
    let of_other = world.get_for("other", &format!("/api/metrics/calls?{}", around("service=web"))).await;
    assert_eq!(of_other["metrics"], json!([]));
}

#[tokio::test]
async fn series_are_by_operation_and_kind_when_asked_for() {
    let world = world().await;
    let asked = around("service=web&service=cart&groupByOperation=true");
    let calls = world.get(&format!("/api/metrics/calls?{asked}")).await;
    assert_eq!(
        (&calls["name"], &calls["help"]),
        (&json!("service_operation_call_rate"), &json!("calls/sec, grouped by service & operation"))
    );
    assert_eq!(calls["metrics"][1]["labels"][1], json!({"name": "operation", "value": "GET /a"}));
    let names: Vec<Vec<&str>> = values(&calls).into_iter().map(|(labels, _)| labels).collect();
    assert_eq!(names, [["cart", "cart 6"], ["web", "GET /a"], ["web", "GET /b"]]);
    let of_kinds = around("service=web&spanKind=client&spanKind=consumer&groupByOperation=1");
    let of_kinds = world.get(&format!("/api/metrics/calls?{of_kinds}")).await;
    let names: Vec<Vec<&str>> = values(&of_kinds).into_iter().map(|(labels, _)| labels).collect();
    assert_eq!(names, [["web", "SELECT"]]);
}

#[tokio::test]
async fn errors_are_a_share_and_latencies_are_milliseconds() {
    let world = world().await;
    let errors = world.get(&format!("/api/metrics/errors?{}", around("service=web"))).await;
    assert_eq!(errors["name"], "service_error_rate");
    assert_eq!(values(&errors), [(vec!["web"], vec![&json!("NaN"), &json!(1.0 / 3.0), &json!(0.0)])]);
    for (quantile, shown, truth) in
        [("0.5", "0.50th", 2_000.0), ("1", "1.00th", 3_000.0), ("0", "0.00th", 1_000.0)]
    {
        let asked = around(&format!("service=web&quantile={quantile}"));
        let latencies = world.get(&format!("/api/metrics/latencies?{asked}")).await;
        assert_eq!(latencies["name"], "service_latencies");
        assert_eq!(latencies["help"], format!("{shown} quantile latency, grouped by service"));
        let (_, points) = &values(&latencies)[0];
        assert_eq!(points[0], "NaN");
        let told = points[1].as_f64().unwrap();
        assert!((told - truth).abs() <= truth / 50.0, "{told} for {truth}");
        let told = points[2].as_f64().unwrap();
        assert!((told - 4_000.0).abs() <= 80.0, "{told} for 4000");
    }
    let by_operation = around("service=web&quantile=0.95&groupByOperation=true");
    let by_operation = world.get(&format!("/api/metrics/latencies?{by_operation}")).await;
    assert_eq!(by_operation["name"], "service_operation_latencies");
}

#[tokio::test]
async fn what_is_not_said_is_as_with_jaeger_and_times_may_have_thousandths() {
    let world = world().await;
    let (end, in_between) = (T / 1_000_000 + 600_500, "2027-01-15T07:10:00.500Z");
    let calls = world.get(&format!("/api/metrics/calls?service=web&endTs={end}")).await;
    let points = calls["metrics"][0]["metricPoints"].as_array().unwrap();
    // An hour in steps of five seconds, each of them telling of ten minutes.
    assert_eq!(points.len(), 721);
    assert_eq!(points[720]["timestamp"], in_between);
    assert_eq!(points[720]["gaugeValue"]["doubleValue"], 3.0 / 600.0);
    let none_yet = points.iter().filter(|point| point["gaugeValue"]["doubleValue"] == 0.0).count();
    assert_eq!(none_yet, 600);
    assert_eq!(
        world.get("/api/metrics/minstep").await,
        json!({"data": 10_000, "total": 0, "limit": 0, "offset": 0, "errors": null})
    );
}

#[tokio::test]
async fn what_cannot_be_read_and_what_is_too_much_is_refused() {
    let world = World::new().await;
    let params = "unable to parse param";
    for (path, message) in [
        ("calls", format!("{params} 'service': please provide at least one service name")),
        ("errors?service=", format!("{params} 'service': please provide at least one service name")),
        (
            "latencies?service=web",
            format!("{params} 'quantile': strconv.ParseFloat: parsing \"\": invalid syntax"),
        ),
        ("latencies?service=web&quantile=95", format!("{params} 'quantile': must be from 0 to 1")),
        ("latencies?service=web&quantile=NaN", format!("{params} 'quantile': must be from 0 to 1")),
        (
            "calls?service=web&groupByOperation=maybe",
            format!("{params} 'groupByOperation': strconv.ParseBool: parsing \"maybe\": invalid syntax"),
        ),
        ("calls?service=web&spanKind=x", format!("{params} 'spanKind': unsupported span kind: 'x'")),
        ("calls?service=web&step=0", format!("{params} 'step': must be at least 1")),
        ("calls?service=web&ratePer=-5", format!("{params} 'ratePer': must be at least 1")),
        (
            "calls?service=web&endTs=1.5",
            format!("{params} 'endTs': strconv.ParseInt: parsing \"1.5\": invalid syntax"),
        ),
        (
            "calls?service=web&lookback=11000000&step=1000",
            "11001 points are more than the 11000 that a series may have; ask for a longer step or a shorter \
             lookback"
                .to_owned(),
        ),
    ] {
        let (status, _, answer) = world.call(Method::GET, &format!("/api/metrics/{path}"), &[]).await;
        assert_eq!((status.as_u16(), &answer["errors"][0]["msg"]), (400, &json!(message)), "{path}");
    }
    let longest =
        "calls?service=web&ratePer=9223372036854775807&lookback=9223372036854775807&step=9223372036854775807";
    assert_eq!(world.get(&format!("/api/metrics/{longest}")).await["metrics"], json!([]));
}

#[tokio::test]
async fn more_series_or_points_than_one_answer_holds_are_refused_with_what_to_do() {
    let world = World::with(Config { memory_per_query_max: 8 << 20, ..Config::default() }).await;
    for publish in [true, false] {
        let one = |number: u16| span("web", 1, 1, T).span(|span| span.name = format!("{publish} {number}"));
        world.append((0..1_200).map(one).collect()).await;
        if publish {
            let asked = format!("groupByOperation=true&service=web&endTs={}", T / 1_000_000 + 60_000);
            let (status, _, answer) =
                world.call(Method::GET, &format!("/api/metrics/calls?{asked}"), &[]).await;
            let message = answer["errors"][0]["msg"].as_str().unwrap();
            assert_eq!(status.as_u16(), 422, "{message}");
            assert!(message.contains("of memory; narrow"), "{message}");
            world.publish().await;
        }
    }
    let asked = around("service=web&groupByOperation=true");
    let (status, _, answer) = world.call(Method::GET, &format!("/api/metrics/calls?{asked}"), &[]).await;
    assert_eq!(
        (status.as_u16(), &answer["errors"][0]["msg"]),
        (
            400,
            &json!(
                "2400 series are more than the 2000 answered at once; ask for fewer services, or not by operation"
            )
        )
    );
}
