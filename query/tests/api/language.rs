//! The search language means the same in hot rows, in splits, and to a plain reader of the records.

use std::collections::BTreeSet;

use proptest::prelude::*;
use spoor_proto::otlp::any_value::Value;

use crate::world::{SECOND, Sample, T, World, attribute, log, span, text};

const WORDS: [&str; 5] = ["card", "declined", "Order", "größe", "x9"];
const SERVICES: [&str; 3] = ["cart", "cards", "shop"];

/// A record of the test.
#[derive(Debug, Clone)]
struct Item {
    is_span: bool,
    service: &'static str,
    words: Vec<&'static str>,
    severity: i32,
    duration_ms: u64,
    key: Option<Result<i64, &'static str>>,
}

fn items() -> impl Strategy<Value = Item> {
    let words = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..4);
    let key = prop::option::of(prop_oneof![
        (0_i64..20).prop_map(Ok),
        prop::sample::select(vec!["7", "GET", "a b"]).prop_map(Err)
    ]);
    let service = prop::sample::select(SERVICES.to_vec());
    (any::<bool>(), service, words, 1..25_i32, 0_u64..10, key).prop_map(
        |(is_span, service, words, severity, duration_ms, key)| Item {
            is_span,
            service,
            words,
            severity,
            duration_ms,
            key,
        },
    )
}

impl Item {
    fn text(&self) -> String {
        self.words.join(" ")
    }

    fn key_text(&self) -> Option<String> {
        self.key.map(|value| value.map_or_else(str::to_owned, |number| number.to_string()))
    }

    fn sample(&self, time: u64) -> Sample {
        let sample = if self.is_span {
            span(self.service, 1, 1, time).span(|span| {
                span.name = self.text();
                span.end_time_unix_nano = time + self.duration_ms * SECOND / 1_000;
            })
        } else {
            log(self.service, &self.text(), time).log(|log| log.severity_number = self.severity)
        };
        match self.key {
            Some(Ok(number)) => sample.attribute(attribute("app.key", Value::IntValue(number))),
            Some(Err(value)) => sample.attribute(text("app.key", value)),
            None => sample,
        }
    }
}

/// A query, as its text and as what it means.
#[derive(Debug, Clone)]
enum Query {
    All,
    Word(&'static str),
    Phrase(&'static str, &'static str),
    Prefix(&'static str),
    Service(&'static str),
    ServicePrefix(&'static str),
    Services(&'static str, &'static str),
    Severity(&'static str, i32),
    Duration(u64),
    Signal(bool),
    Key(&'static str),
    KeyExists,
    KeyAtLeast(i64),
    KeyBetween(i64, i64),
    KeyRegex,
    BodyRegex(&'static str, &'static str),
    BodyGlob(&'static str),
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
}

fn queries() -> impl Strategy<Value = Query> {
    let word = || prop::sample::select(WORDS.to_vec());
    let service = || prop::sample::select(SERVICES.to_vec());
    let leaf = prop_oneof![
        Just(Query::All),
        word().prop_map(Query::Word),
        (word(), word()).prop_map(|(a, b)| Query::Phrase(a, b)),
        prop::sample::select(vec!["car", "or", "d"]).prop_map(Query::Prefix),
        service().prop_map(Query::Service),
        prop::sample::select(vec!["car", "s"]).prop_map(Query::ServicePrefix),
        (service(), service()).prop_map(|(a, b)| Query::Services(a, b)),
        prop::sample::select(vec![("info", 9), ("warn", 13), ("error", 17)])
            .prop_map(|(name, low)| Query::Severity(name, low)),
        (0_u64..10).prop_map(Query::Duration),
        any::<bool>().prop_map(Query::Signal),
        prop::sample::select(vec!["7", "GET", "a b", "none"]).prop_map(Query::Key),
        Just(Query::KeyExists),
        (0_i64..20).prop_map(Query::KeyAtLeast),
        (0_i64..20, 0_i64..20).prop_map(|(a, b)| Query::KeyBetween(a.min(b), a.max(b))),
        Just(Query::KeyRegex),
        (word(), word()).prop_map(|(a, b)| Query::BodyRegex(a, b)),
        word().prop_map(Query::BodyGlob),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Query::And),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Query::Or),
            inner.prop_map(|part| Query::Not(Box::new(part))),
        ]
    })
}

impl Query {
    fn text(&self) -> String {
        let list = |parts: &[Self], between: &str| {
            let parts: Vec<String> = parts.iter().map(Self::text).collect();
            format!("({})", parts.join(between))
        };
        match self {
            Self::All => "*".to_owned(),
            Self::Word(word) => (*word).to_owned(),
            Self::Phrase(a, b) => format!("\"{a} {b}\""),
            Self::Prefix(prefix) => format!("{prefix}*"),
            Self::Service(name) => format!("service:{name}"),
            Self::ServicePrefix(prefix) => format!("service:{prefix}*"),
            Self::Services(a, b) => format!("service:({a} OR {b})"),
            Self::Severity(name, _) => format!("severity:>={name}"),
            Self::Duration(ms) => format!("duration:>{ms}ms"),
            Self::Signal(spans) => format!("signal:{}", if *spans { "spans" } else { "logs" }),
            Self::Key(value) => format!("app.key:\"{value}\""),
            Self::KeyExists => "app.key:*".to_owned(),
            Self::KeyAtLeast(low) => format!("attributes.app.key:>={low}"),
            Self::KeyBetween(low, high) => format!("app.key:[{low} TO {high}}}"),
            Self::KeyRegex => "app.key:/1\\d|G.*/".to_owned(),
            Self::BodyRegex(a, b) => format!("body:/{a} .*{b}$/"),
            Self::BodyGlob(word) => format!("body:*{word}*"),
            Self::And(parts) => list(parts, " "),
            Self::Or(parts) => list(parts, " OR "),
            Self::Not(part) => format!("NOT {}", part.text()),
        }
    }

    fn holds(&self, item: &Item) -> bool {
        let words: Vec<String> = item.words.iter().map(|word| word.to_lowercase()).collect();
        let number = || item.key_text().and_then(|text| text.parse::<f64>().ok());
        match self {
            Self::All => true,
            Self::Word(word) => words.contains(&word.to_lowercase()),
            Self::Phrase(a, b) => {
                words.windows(2).any(|two| two[0] == a.to_lowercase() && two[1] == b.to_lowercase())
            }
            Self::Prefix(prefix) => words.iter().any(|word| word.starts_with(prefix)),
            Self::Service(name) => item.service == *name,
            Self::ServicePrefix(prefix) => item.service.starts_with(prefix),
            Self::Services(a, b) => item.service == *a || item.service == *b,
            Self::Severity(_, low) => !item.is_span && item.severity >= *low,
            Self::Duration(ms) => item.is_span && item.duration_ms > *ms,
            Self::Signal(spans) => item.is_span == *spans,
            Self::Key(value) => item.key_text().as_deref() == Some(value),
            Self::KeyExists => item.key.is_some(),
            Self::KeyAtLeast(low) => number().is_some_and(|number| number >= *low as f64),
            Self::KeyBetween(low, high) => {
                number().is_some_and(|number| number >= *low as f64 && number < *high as f64)
            }
            Self::KeyRegex => item
                .key_text()
                .is_some_and(|text| text.starts_with('G') || (text.len() == 2 && text.starts_with('1'))),
            Self::BodyRegex(a, b) => {
                let text = item.text();
                let begins = text.find(&format!("{a} "));
                !item.is_span
                    && text.ends_with(b)
                    && begins.is_some_and(|at| at + a.len() + 1 + b.len() <= text.len())
            }
            Self::BodyGlob(word) => !item.is_span && item.text().contains(word),
            Self::And(parts) => parts.iter().all(|part| part.holds(item)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(item)),
            Self::Not(part) => !part.holds(item),
        }
    }
}

async fn assert_same(items: &[Item], queries: &[Query]) {
    let world = World::new().await;
    let samples = || items.iter().zip(T..).map(|(item, time)| item.sample(time));
    // Some of it hot, some in a split; then all of it in splits.
    let half = items.len() / 2;
    world.append(samples().take(half).collect()).await;
    for is_published in [false, true] {
        world.publish().await;
        if !is_published {
            world.append(samples().skip(half).collect()).await;
        }
        for query in queries {
            let text = query.text();
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let answer = world.get(&format!("/api/v1/search?limit=1000&q={encoded}")).await;
            let records = answer["records"].as_array().unwrap();
            let found: BTreeSet<u64> =
                records.iter().map(|record| record["time"].as_str().unwrap().parse().unwrap()).collect();
            let expected: BTreeSet<u64> =
                items.iter().zip(T..).filter(|(item, _)| query.holds(item)).map(|(_, time)| time).collect();
            assert_eq!(found, expected, "{text} (published: {is_published})");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_query_selects_what_it_says_wherever_the_records_are(
        items in prop::collection::vec(items(), 2..60),
        queries in prop::collection::vec(queries(), 20),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(assert_same(&items, &queries));
    }
}

#[tokio::test]
async fn bodies_are_matched_anywhere_by_regex_and_whole_with_stars() {
    let world = World::new().await;
    let map = Value::KvlistValue(spoor_proto::otlp::KeyValueList {
        values: vec![text("message", "order ord-17 failed")],
    });
    world
        .append(vec![
            log("a", "order ord-42 shipped in 17 ms", T),
            log("a", "Order ord-4 failed\nretry later", T + 1),
            log("a", "", T + 2).log(|log| log.body = Some(spoor_proto::otlp::AnyValue { value: Some(map) })),
            span("a", 1, 1, T + 3).span(|span| span.name = "order ord-1 failed".to_owned()),
        ])
        .await;
    for _ in 0..2 {
        for (query, expected) in [
            (r"body:/ord-\d+ failed/", &[2, 1][..]),
            (r"body:/^order ord-\d+/", &[2, 0]),
            (r"body:/(?i)^order/", &[2, 1, 0]),
            (r"body:/\d+ ms$/", &[0]),
            ("body:*fail*", &[2, 1]),
            ("body:order*ms", &[0]),
            ("body:order*shipped", &[]),
            (r"-body:/ord-\d+ failed/ signal:logs", &[0]),
            ("body:(/shipped/ OR retry)", &[1, 0]),
            ("body:*", &[2, 1, 0]),
        ] {
            let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let answer = world.get(&format!("/api/v1/search?q={encoded}")).await;
            let found: Vec<u64> = answer["records"]
                .as_array()
                .unwrap()
                .iter()
                .map(|record| record["time"].as_str().unwrap().parse::<u64>().unwrap() - T)
                .collect();
            assert_eq!(found, expected, "{query}");
        }
        world.publish().await;
    }
}

#[tokio::test]
async fn a_name_that_no_record_has_is_told_with_one_that_some_have() {
    let world = World::new().await;
    world.append(vec![log("a", "x", T).attribute(text("http.route", "/"))]).await;
    for (query, hint) in [
        ("http.rote:/x/", Some("no record has the field `http.rote`; did you mean `http.route`?")),
        ("attributes.http.rout:5 x", Some("no record has the field `http.rout`; did you mean `http.route`?")),
        ("never.seen:5", Some("no record has the field `never.seen`")),
        ("http.route:5", None),
        ("service:b -never.seen:5", None),
    ] {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = world.get(&format!("/api/v1/search?q={encoded}")).await;
        assert_eq!(answer["hint"].as_str(), hint, "{query}");
    }
}
