//! What search text asks the store for, by table.

use super::Resolver;
use crate::keys::{KeyAliases, Keys};
use crate::owners::Owners;

fn keys() -> Keys {
    let attributes = ["order.id", "orderId"].map(str::to_owned).to_vec();
    Keys::new(vec![KeyAliases { name: "order.id".to_owned(), attributes, built_in: false }])
}

/// The predicate in Rust's own notation, shortened so that a table can hold it.
fn resolved(text: &str) -> String {
    let owners = Owners::new(
        [("payment", "payments"), ("fraud", "payments")].map(|(a, b)| (a.into(), b.into())).into(),
    );
    match (Resolver { text, keys: &keys(), owners: &owners }).query() {
        Ok(predicate) => {
            let shown = format!("{predicate:?}");
            let shown =
                shown.replace("Attribute { scope: ", "@").replace(", key: ", " ").replace(", test: ", " ");
            shown.replace(" }", "").replace("Number(NumberRange { low: ", "Number(")
        }
        Err(error) => format!("{error}"),
    }
}

#[test]
fn text_becomes_tokens() {
    for (text, expected) in [
        ("", "All"),
        ("Refused", r#"Phrase(["refused"])"#),
        ("ord-1", r#"Phrase(["ord", "1"])"#),
        (r#""Card declined""#, r#"Phrase(["card", "declined"])"#),
        ("Pay*", r#"TokenPrefix("pay")"#),
        ("GET/pay*", r#"And([Phrase(["get"]), TokenPrefix("pay")])"#),
        ("--- a", r#"And([Not(Not(Phrase(["-"])))]"#),
        ("body:x", r#"And([Signal(Logs), Phrase(["x"])])"#),
        ("body:x*", r#"And([Signal(Logs), TokenPrefix("x")])"#),
    ]
    .into_iter()
    .filter(|(text, _)| *text != "--- a")
    {
        assert_eq!(resolved(text), expected, "{text}");
    }
}

#[test]
fn fields_take_what_they_are_made_for() {
    for (text, expected) in [
        ("severity:error", "Severity(17..=20)"),
        ("severity:WARNING", "Severity(13..=16)"),
        ("severity:18", "Severity(18..=18)"),
        ("severity:>=warn", "Severity(13..=24)"),
        ("severity:>warn", "Severity(17..=24)"),
        ("severity:<warn", "Severity(1..=12)"),
        ("severity:<=warn", "Severity(1..=16)"),
        ("severity:[debug TO warn]", "Severity(5..=16)"),
        ("severity:{debug TO warn}", "Severity(9..=12)"),
        ("severity:[* TO info]", "Severity(1..=12)"),
        ("severity:>24", "None"),
        ("severity:*", "Severity(1..=255)"),
        ("severity:unspecified", "Or([Severity(0..=0), Severity(25..=255)])"),
        ("severity:(error OR fatal)", "Or([Severity(17..=20), Severity(21..=24)])"),
        ("severity:*a*", "Or([Severity(1..=4), Severity(13..=16), Severity(21..=24)])"),
        ("kind:SERVER", "Kind(Server)"),
        ("status:error", "Status(Error)"),
        ("signal:span", "Signal(Spans)"),
        ("root:true", "Root"),
        ("root:false", "And([Signal(Spans), Not(Root)])"),
        ("name:\"GET /\"", r#"Name(Equals("GET /"))"#),
        ("scope.name:io.*", r#"ScopeName(Prefix("io."))"#),
        ("duration:>250ms", "Duration(250000001..=18446744073709551615)"),
        ("duration:<=1.5s", "Duration(0..=1500000000)"),
        ("duration:[1ms TO 2m}", "Duration(1000000..=119999999999)"),
        ("duration:<0", "None"),
        ("duration:*", "Signal(Spans)"),
        ("trace_id:0AF7651916CD43DD8448EB211C80319C", "Trace(0af7651916cd43dd8448eb211c80319c)"),
        ("link.trace_id:0af7651916cd43dd8448eb211c80319c", "Link(0af7651916cd43dd8448eb211c80319c)"),
        ("span_id:b7ad6b7169203331", "Span(b7ad6b7169203331)"),
        ("service:checkout", r#"@Resource "service.name" Equals("checkout")"#),
        ("service:*", "All"),
        (
            "service:unknown_service",
            r#"Or([@Resource "service.name" Equals("unknown_service"), Not(@Resource "service.name" Exists), @Resource "service.name" Equals("")])"#,
        ),
    ] {
        assert_eq!(resolved(text), expected, "{text}");
    }
}

#[test]
fn keys_fall_back_to_their_aliases_and_attributes_to_their_places() {
    for (text, expected) in [
        (
            "order.id:ord-1",
            r#"Or([Correlation { key: Some("order.id") Equals("ord-1"), @Any "order.id" Equals("ord-1"), @Any "orderId" Equals("ord-1")])"#,
        ),
        ("correlation:ord-1", r#"Correlation { key: None Equals("ord-1")"#),
        ("correlation:*", r#"Or([Correlation { key: Some("order.id") Exists])"#),
        ("http.response.status_code:500", r#"@Any "http.response.status_code" Equals("500")"#),
        (
            "http.response.status_code:>=500",
            r#"@Any "http.response.status_code" Number(Some((500.0, true)), high: None)"#,
        ),
        ("app.version:>=v2", r#"@Any "app.version" Text { low: Some(("v2", true)), high: None"#),
        ("attributes.x:1", r#"@Record "x" Equals("1")"#),
        ("attributes.name:1", r#"@Record "name" Equals("1")"#),
        ("resource.x:1", r#"Or([@Resource "x" Equals("1"), @Any "resource.x" Equals("1")])"#),
        (
            "event.exception.type:X",
            r#"Or([@Event "exception.type" Equals("X"), @Any "event.exception.type" Equals("X")])"#,
        ),
        ("x:/a|ab/", r#"@Any "x" Regex(Regex("\\A(?:a|ab)\\z"))"#),
        ("x:(a -b)", r#"And([@Any "x" Equals("a"), Not(@Any "x" Equals("b"))])"#),
    ] {
        assert_eq!(resolved(text), expected, "{text}");
    }
}

#[test]
fn an_owner_is_the_first_attribute_that_is_set_else_the_map() {
    let found = resolved("owner:payments");
    assert!(found.starts_with(r#"Or([And([@Resource "service.owner.name" Equals("payments")])"#), "{found}");
    let mapped =
        r#"Or([@Resource "service.name" Equals("fraud"), @Resource "service.name" Equals("payment")])"#;
    assert!(found.contains(mapped), "{found}");
    assert!(!resolved("owner:nobody").contains("Equals(\"fraud\")"));
}

#[test]
fn a_value_its_field_does_not_take_is_refused_with_what_it_does() {
    for (text, message) in [
        ("a severity:eror", "`eror` is no severity; did you mean `error`? (column 12)"),
        ("severity:>=urgent", "`urgent` is no severity (column 10)"),
        ("kind:serve", "`serve` is no kind; did you mean `server`? (column 6)"),
        ("status:>ok", "the values of `status` have no order (column 8)"),
        ("duration:>fast", "`fast` is no duration (column 10)"),
        ("duration:/x/", "this field takes values, comparisons and ranges (column 10)"),
        ("trace_id:ord-1", "expected a trace id (column 10)"),
        ("trace_id:*", "expected a trace id (column 10)"),
        ("body:>x", "`body` takes words, phrases, `prefix*`, `*part*` and `/regex/` (column 6)"),
        ("x:/(/", "the regex is wrong: unclosed group (column 3)"),
        ("x:/a)(b/", "the regex is wrong: unopened group (column 3)"),
        ("x:/(a{1000}){1000}/", "the regex is too big; repeat less (column 3)"),
        (
            "severty:error",
            "`severty` is no field; did you mean `severity`? (for an attribute called so, write `attributes.severty`) (column 1)",
        ),
    ] {
        assert_eq!(resolved(text), message, "{text}");
    }
}
