//! The language by table, and `parse ∘ format = id`.

use proptest::prelude::*;

use super::*;

/// The tree without places, so that trees can be compared.
fn placeless(mut expr: Expr) -> Expr {
    expr.at = At::default();
    expr.node = match expr.node {
        Node::And(parts) => Node::And(parts.into_iter().map(placeless).collect()),
        Node::Or(parts) => Node::Or(parts.into_iter().map(placeless).collect()),
        Node::Not(inner) => Node::Not(Box::new(placeless(*inner))),
        Node::Field { name, value } => Node::Field { name, value: placeless_value(value) },
        other => other,
    };
    expr
}

fn placeless_value(mut value: Value) -> Value {
    value.at = At::default();
    value.node = match value.node {
        ValueNode::And(parts) => ValueNode::And(parts.into_iter().map(placeless_value).collect()),
        ValueNode::Or(parts) => ValueNode::Or(parts.into_iter().map(placeless_value).collect()),
        ValueNode::Not(inner) => ValueNode::Not(Box::new(placeless_value(*inner))),
        other => other,
    };
    value
}

/// Parentheses around every group, so that a table can show how text is understood.
fn shape(text: &str) -> String {
    fn expr(of: &Expr) -> String {
        let list = |parts: &[Expr]| parts.iter().map(expr).collect::<Vec<_>>().join(" ");
        match &of.node {
            Node::All => "all".to_owned(),
            Node::And(parts) => format!("(and {})", list(parts)),
            Node::Or(parts) => format!("(or {})", list(parts)),
            Node::Not(inner) => format!("(not {})", expr(inner)),
            Node::Text(text) => format!("{text:?}"),
            Node::Field { name, value: of } => format!("{name}={}", value(of)),
        }
    }
    fn value(of: &Value) -> String {
        let list = |parts: &[Value]| parts.iter().map(value).collect::<Vec<_>>().join(" ");
        match &of.node {
            ValueNode::And(parts) => format!("(and {})", list(parts)),
            ValueNode::Or(parts) => format!("(or {})", list(parts)),
            ValueNode::Not(inner) => format!("(not {})", value(inner)),
            ValueNode::Compare(comparison, operand) => format!("{comparison:?}({operand})"),
            ValueNode::Range { low, high } => {
                let end = |bound: &Bound| format!("{:?}/{}", bound.text.as_deref(), bound.included);
                format!("{}..{}", end(low), end(high))
            }
            other => format!("{other:?}"),
        }
    }
    match parse(text) {
        Ok(tree) => expr(&tree),
        Err(error) => format!("{error}"),
    }
}

#[test]
fn text_is_understood_so() {
    for (text, expected) in [
        ("", "all"),
        ("   ", "all"),
        ("*", "all"),
        ("refused", r#"Word("refused")"#),
        ("connection refused", r#"(and Word("connection") Word("refused"))"#),
        ("a AND b", r#"(and Word("a") Word("b"))"#),
        ("a OR b c", r#"(or Word("a") (and Word("b") Word("c")))"#),
        ("(a OR b) c", r#"(and (or Word("a") Word("b")) Word("c"))"#),
        ("NOT a b", r#"(and (not Word("a")) Word("b"))"#),
        ("-a -(b c)", r#"(and (not Word("a")) (not (and Word("b") Word("c"))))"#),
        ("or and not", r#"(and Word("or") Word("and") Word("not"))"#),
        (r#""card declined" pay*"#, r#"(and Phrase("card declined") Prefix("pay"))"#),
        (r#""C:\temp \"x\"""#, r#"Phrase("C:\\temp \"x\"")"#),
        ("user-42 a - b", r#"(and Word("user-42") Word("a") Word("-") Word("b"))"#),
        ("https://shop.example/x?a=b", r#"Word("https://shop.example/x?a=b")"#),
        ("12:30:45", r#"Word("12:30:45")"#),
        (r"a\:b \-c \OR", r#"(and Word("a:b") Word("-c") Word("OR"))"#),
        ("service:checkout", r#"service=Word("checkout")"#),
        ("-service:checkout", r#"(not service=Word("checkout"))"#),
        (r#"name:"GET /cart""#, r#"name=Phrase("GET /cart")"#),
        (r#""odd key":x"#, r#"odd key=Word("x")"#),
        ("url.full:https://a/b?c=d:e", r#"url.full=Word("https://a/b?c=d:e")"#),
        ("url.path:/api/v1/orders", r#"url.path=Word("/api/v1/orders")"#),
        ("url.path:/api/ x", r#"(and url.path=Regex("api") Word("x"))"#),
        (r"url.path:/\/api\/v\d+ x/", r#"url.path=Regex("/api/v\\d+ x")"#),
        ("k:*", "k=Exists"),
        ("k:pre*", r#"k=Prefix("pre")"#),
        ("k:*mid*dle", r#"k=Glob(["", "mid", "dle"])"#),
        (r"k:pre\*", r#"k=Word("pre*")"#),
        ("duration:>250ms", "duration=Greater(250ms)"),
        ("x:>= 500", "x=AtLeast(500)"),
        ("x:<-5 y:<=-2.5 z:-7", r#"(and x=Less(-5) y=AtMost(-2.5) z=Word("-7"))"#),
        ("x:[1 TO 5]", r#"x=Some("1")/true..Some("5")/true"#),
        ("x:{1 TO *]", r#"x=Some("1")/false..None/true"#),
        (r#"x:["a b" TO c}"#, r#"x=Some("a b")/true..Some("c")/false"#),
        ("k:(a OR b)", r#"k=(or Word("a") Word("b"))"#),
        ("k:(a -b >5)", r#"k=(and Word("a") (not Word("b")) Greater(5))"#),
        ("k:((a))", r#"k=Word("a")"#),
        ("größe:ü", r#"größe=Word("ü")"#),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn a_fault_names_its_column_and_what_was_expected() {
    for (text, position, message) in [
        ("(a OR b", 0, "this `(` is never closed"),
        ("a)", 1, "this `)` closes nothing"),
        ("a OR", 4, "expected a word, a \"phrase\", field:value, NOT or (, found the end of the query"),
        ("OR a", 0, "expected a word, a \"phrase\", field:value, NOT or (, found `OR`"),
        ("a AND OR b", 6, "expected a word, a \"phrase\", field:value, NOT or (, found `OR`"),
        ("größe \"ab", 6, "the phrase that begins here has no closing `\"`"),
        ("()", 1, "expected a word, a \"phrase\", field:value, NOT or (, found `)`"),
        ("k: v", 2, "expected a value right after `k:` (for text with a colon, write quotes around it)"),
        ("k:", 2, "expected a value right after `k:` (for text with a colon, write quotes around it)"),
        ("k:[1 5]", 5, "expected TO, found `5`"),
        ("k:[1 TO 5", 9, "expected ] or }, found the end of the query"),
        ("k:[a* TO b]", 3, "a bound takes no `*` but alone, for an open end"),
        ("k:>", 3, "expected a value after `>`, found the end of the query"),
        ("a*b", 0, "a word takes `*` only at its end; name a field to use it elsewhere, or write `\\*`"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.position, error.message.as_str()), (position, message), "{text}");
        assert!(!error.expected.is_empty(), "{text}");
    }
}

#[test]
fn length_depth_and_number_are_bounded() {
    let said = |text: &str| parse(text).unwrap_err().message;
    assert_eq!(said(&"a ".repeat(500_000)), "the query is 1000000 bytes long; 65536 is the most");
    assert_eq!(said(&"(".repeat(10_000)), "the query is nested more than 64 deep");
    assert_eq!(said(&format!("{}a", "-".repeat(10_000))), "the query is nested more than 64 deep");
    assert_eq!(said(&format!("k:{}", "(".repeat(10_000))), "the query is nested more than 64 deep");
    assert_eq!(said(&"a ".repeat(2_000)), "the query has more than 1000 conditions");
    assert!(parse(&format!("{}a{}", "(".repeat(64), ")".repeat(64))).is_ok());
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9._-]{1,8}",
        r#"[-:*\\/()\[\]{}<>" ="a-cé注]{1,6}"#,
        Just("AND".to_owned()),
        Just("NOT".to_owned()),
        Just("TO".to_owned()),
    ]
}

fn bounds() -> impl Strategy<Value = Bound> {
    (prop::option::of(words()), any::<bool>()).prop_map(|(text, included)| Bound { text, included })
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Greater, Less};
    prop::sample::select(vec![Greater, AtLeast, Less, AtMost])
}

fn values() -> impl Strategy<Value = Value> {
    let at = |node| Value { at: At::default(), node };
    let pieces = prop::collection::vec(prop_oneof![Just(String::new()), words()], 2..4)
        .prop_filter("a prefix, or nothing but stars", |pieces| {
            !(pieces.len() == 2 && pieces[1].is_empty()) && pieces.iter().any(|piece| !piece.is_empty())
        });
    let leaf = prop_oneof![
        Just(ValueNode::Exists),
        words().prop_map(ValueNode::Word),
        words().prop_map(ValueNode::Phrase),
        words().prop_map(ValueNode::Prefix),
        pieces.prop_map(ValueNode::Glob),
        r"([a-z.+*?/ ()|]|\\d|\\\\){1,8}".prop_map(ValueNode::Regex),
        (comparisons(), words()).prop_map(|(comparison, operand)| ValueNode::Compare(comparison, operand)),
        (bounds(), bounds()).prop_map(|(low, high)| ValueNode::Range { low, high }),
    ]
    .prop_map(at);
    leaf.prop_recursive(4, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(ValueNode::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(ValueNode::Or),
            inner.prop_map(|value| ValueNode::Not(Box::new(value))),
        ]
        .prop_map(at)
    })
}

fn exprs() -> impl Strategy<Value = Expr> {
    let at = |node| Expr { at: At::default(), node };
    let leaf = prop_oneof![
        Just(Node::All),
        words().prop_map(|word| Node::Text(Text::Word(word))),
        words().prop_map(|text| Node::Text(Text::Phrase(text))),
        words().prop_map(|prefix| Node::Text(Text::Prefix(prefix))),
        (words(), values()).prop_map(|(name, value)| Node::Field { name, value }),
    ]
    .prop_map(at);
    leaf.prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::Or),
            inner.prop_map(|expr| Node::Not(Box::new(expr))),
        ]
        .prop_map(at)
    })
}

proptest! {
    #[test]
    fn what_is_formatted_parses_to_the_same_tree(tree in exprs()) {
        let text = tree.to_string();
        let parsed = parse(&text).map(placeless);
        prop_assert_eq!(parsed, Ok(tree), "{}", text);
    }

    #[test]
    fn any_text_parses_or_is_refused_at_a_place_within_it(text in "\\PC{0,80}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.position <= text.chars().count());
        }
    }
}
