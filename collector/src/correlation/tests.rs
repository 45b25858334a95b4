//! Where ids are found, and where not.

use prost::Message as _;
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use spoor_store::model::ValueRef;

use super::{CorrelationConfig, Extractor, Found, IDS_MAX, KeyConfig};

fn key(name: &str, attributes: &[&str], body_json: &[&str], body_regex: &[&str]) -> KeyConfig {
    let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    KeyConfig {
        name: name.to_owned(),
        attributes: owned(attributes),
        body_json: owned(body_json),
        body_regex: owned(body_regex),
    }
}

fn orders() -> CorrelationConfig {
    let order = key(
        "order.id",
        &["order.id", "orderId"],
        &["$.orderId", "$.order.id", "$.items[0].order", "$.all", "$['x.y']"],
        &["order (?<id>ord-[0-9]+)"],
    );
    let user = key("user.id", &["user.id", "orderId"], &["$.user.id"], &["user=(?<id>[a-z]*)"]);
    CorrelationConfig { keys: vec![order, user], builtin: true }
}

fn pairs(extractor: &Extractor, found: &Found) -> Vec<String> {
    let mut space = [("", ""); IDS_MAX];
    let pairs = found.pairs(extractor, &mut space);
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn in_text(text: &str) -> Vec<String> {
    let extractor = Extractor::new(&orders()).unwrap();
    let mut found = Found::default();
    extractor.text(text, &mut extractor.scratch(), &mut found);
    pairs(&extractor, &found)
}

fn in_attribute(key: &str, value: Value) -> Vec<String> {
    let extractor = Extractor::new(&orders()).unwrap();
    let mut found = Found::default();
    extractor.attribute(key.as_bytes(), &entry(key, any(value)).encode_to_vec(), &mut found);
    pairs(&extractor, &found)
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn entry(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..Default::default() }
}

fn map(entries: Vec<KeyValue>) -> AnyValue {
    any(Value::KvlistValue(KeyValueList { values: entries }))
}

#[test]
fn attributes_are_found_by_their_exact_name() {
    assert_eq!(in_attribute("order.id", text("7")), ["order.id=7"]);
    assert_eq!(in_attribute("orderId", text("7")), ["order.id=7", "user.id=7"]);
    assert_eq!(in_attribute("order.id", Value::IntValue(-7)), ["order.id=-7"]);
    assert_eq!(in_attribute("Order.Id", text("7")), [""; 0]);
    assert_eq!(in_attribute("", text("7")), [""; 0]);
    assert_eq!(in_attribute("order.id", Value::BoolValue(true)), [""; 0]);
    assert_eq!(in_attribute("messaging.message.conversation_id", text("c")), ["correlation.id=c"]);
}

/// HTTP headers are recorded as lists of strings.
#[test]
fn every_item_of_a_list_is_an_id() {
    let items = ["a", "b"].map(|item| any(Value::StringValue(item.to_owned())));
    let list = ArrayValue { values: items.to_vec() };
    assert_eq!(
        in_attribute("http.request.header.x-request-id", Value::ArrayValue(list)),
        ["request.id=a", "request.id=b"]
    );
}

#[test]
fn json_text_is_followed_along_the_paths() {
    let rows: [(&str, &[&str]); 12] = [
        (r#"{"orderId":"o-1"}"#, &["order.id=o-1"]),
        (r#"  {"a":[{"orderId":"no"}],"orderId":17}"#, &["order.id=17"]),
        (r#"{"order":{"id":"o-2","more":{"id":3}}}"#, &["order.id=o-2"]),
        (r#"{"items":[{"order":"first"},{"order":"second"}]}"#, &["order.id=first"]),
        (r#"{"all":["a","b",["no"],{"all":"no"}]}"#, &["order.id=a", "order.id=b"]),
        (r#"{"x.y":"dotted"}"#, &["order.id=dotted"]),
        (r#"{"order":{"id":"o"},"user":{"id":"u"}}"#, &["order.id=o", "user.id=u"]),
        (r#"{"correlationId":"c"}"#, &["correlation.id=c"]),
        (r#"{"orderId":null,"order":{"id":true}}"#, &[]),
        (r#"[{"orderId":"in a list"}]"#, &[]),
        (r#"{"orderId":"kept","cut":"#, &["order.id=kept"]),
        (r#"say {"orderId":"no"}"#, &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(in_text(text), expected, "{text}");
    }
}

#[test]
fn structured_bodies_are_followed_along_the_same_paths() {
    let text = |text: &str| any(Value::StringValue(text.to_owned()));
    let item = map(vec![entry("order", text("first"))]);
    let body = map(vec![
        entry("order", map(vec![entry("id", text("o-1")), entry("ID", text("no"))])),
        entry("items", any(Value::ArrayValue(ArrayValue { values: vec![item] }))),
        entry("all", any(Value::ArrayValue(ArrayValue { values: vec![text("x"), any(Value::IntValue(2))] }))),
    ])
    .encode_to_vec();
    let extractor = Extractor::new(&orders()).unwrap();
    let mut found = Found::default();
    extractor.structured(ValueRef::parse(&body), &mut found);
    assert_eq!(pairs(&extractor, &found), ["order.id=o-1", "order.id=first", "order.id=x", "order.id=2"]);
}

#[test]
fn expressions_find_every_match_in_text() {
    assert_eq!(in_text("order ord-1 replaces order ord-22."), ["order.id=ord-1", "order.id=ord-22"]);
    assert_eq!(in_text("order none"), [""; 0]);
    assert_eq!(in_text("user=ann user= user=bob"), ["user.id=ann", "user.id=bob"]);
}

#[test]
fn text_past_the_budget_is_not_searched() {
    let far = format!("{}order ord-1", "é ".repeat(16 << 10));
    assert_eq!(in_text(&far), [""; 0]);
    let long = format!(r#"{{"pad":"{}","orderId":"o-1"}}"#, "x".repeat(64 << 10));
    assert_eq!(in_text(&long), [""; 0]);
}

#[test]
fn a_configured_key_adds_to_the_built_in_one_of_its_name() {
    let mut config = CorrelationConfig::default();
    config.keys.push(key("request.id", &["my.request"], &[], &[]));
    let names = config.attribute_names();
    let (_, request) = names.iter().find(|(name, _)| name == "request.id").unwrap();
    assert!(request.contains(&"my.request".to_owned()) && request.contains(&"x-request-id".to_owned()));
    assert_eq!(names.len(), CorrelationConfig::default().attribute_names().len());
    let off = CorrelationConfig { builtin: false, keys: Vec::new() };
    assert!(off.attribute_names().is_empty());
}

#[test]
fn a_wrong_rule_is_refused_with_its_place() {
    let rows = [
        (key("", &["a"], &[], &[]), "correlation.keys[0].name must be 1-64 characters"),
        (key("or der", &["a"], &[], &[]), "correlation.keys[0].name must be 1-64 characters"),
        (key("order", &[], &[], &[]), "correlation.keys[0] must say where the id is"),
        (key("order", &[""], &[], &[]), "correlation.keys[0].attributes must not hold an empty name"),
        (
            key("order", &[], &["orderId"], &[]),
            "correlation.keys[0].body_json[0] \"orderId\" is no path: expected `$`",
        ),
        (key("order", &[], &[], &["[a-"]), "correlation.keys[0].body_regex[0] regex parse error"),
        (
            key("order", &[], &[], &["[a-z]+"]),
            "correlation.keys[0].body_regex[0] \"[a-z]+\" must have a group named id",
        ),
        (key("order", &[], &[], &["(?<id>.{999}){999}"]), "exceeds size limit"),
    ];
    for (rule, expected) in rows {
        let config = CorrelationConfig { builtin: true, keys: vec![rule] };
        let problem = config.validate().unwrap_err();
        assert!(problem.contains(expected), "{problem:?} does not say {expected:?}");
    }
    let twice = CorrelationConfig {
        builtin: true,
        keys: vec![key("a", &["a"], &[], &[]), key("a", &["b"], &[], &[])],
    };
    assert!(twice.validate().unwrap_err().contains("correlation.keys[1].name repeats \"a\""));
}

#[test]
fn built_in_keys_are_valid() {
    CorrelationConfig::default().validate().unwrap();
}
