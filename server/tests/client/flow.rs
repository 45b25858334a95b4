//! `spoor flow` and `spoor find` against a real server.

use serde_json::Value;

use crate::ask;
use crate::order::{ORDER_TRACE, shop};
use crate::process::finish;

#[test]
fn a_flow_is_drawn_over_its_traces_and_can_be_pasted() {
    let shop = shop();
    let (code, drawn, said) = finish(&mut ask(shop.server.http, &["flow", "ord-1042"]));
    assert_eq!((code, said.as_str()), (Some(0), ""), "{drawn}");
    let drawn = drawn.replace(&shop.server.http.to_string(), "SERVER");
    assert!(drawn.is_ascii(), "{drawn}");
    insta::assert_snapshot!(drawn);

    // Any id of it opens it; flags leave out what they say.
    let (code, by_trace, _) = finish(&mut ask(
        shop.server.http,
        &["flow", &ORDER_TRACE.to_uppercase(), "--logs", "none", "--depth", "1"],
    ));
    assert_eq!(code, Some(0));
    assert!(by_trace.contains("trace_id "), "{by_trace}");
    assert!(
        by_trace.contains(
            "  2 spans deeper, past --depth
"
        ),
        "{by_trace}"
    );
    assert!(!by_trace.contains("order received"), "{by_trace}");
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let shop = shop();
    let flow = |arguments: &[&str]| {
        finish(&mut ask(shop.server.http, &[&["flow", "ord-1042"], arguments].concat())).1
    };
    assert!(!flow(&[]).contains('\u{1b}'));
    let colored = flow(&["--color", "always"]);
    assert!(colored.contains("\u{1b}[") && colored.contains('█'), "{colored}");
    // Colours are all that may drive a terminal.
    let codes = colored.split('\u{1b}').skip(1);
    assert!(codes.clone().count() > 10);
    for code in codes {
        let (numbers, _) = code.strip_prefix('[').unwrap().split_once('m').unwrap();
        assert!(numbers.chars().all(|character| character.is_ascii_digit() || character == ';'), "{code:?}");
    }
    assert!(flow(&["--color", "always", "--ascii", "--width", "80"]).contains("=="));
}

#[test]
fn json_is_what_the_server_said() {
    let shop = shop();
    let (code, json, _) = finish(&mut ask(shop.server.http, &["flow", "ord-1042", "--json"]));
    assert_eq!(code, Some(0));
    let flow: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(flow["state"], "error");
    assert_eq!(flow["spans"].as_array().unwrap().len(), 5);
    let (code, json, _) = finish(&mut ask(shop.server.http, &["find", "ord-1042", "--json"]));
    assert_eq!(code, Some(0));
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["matches"][0]["key"], "order.id");
}

#[test]
fn find_says_what_an_id_is_and_nothing_has_a_code_of_its_own() {
    let shop = shop();
    let (code, table, _) = finish(&mut ask(shop.server.http, &["find", "ord-1042"]));
    assert_eq!(code, Some(0));
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["KIND", "KEY", "ID", "FIRST", "LAST", "SPANS", "LOGS"]);
    assert_eq!(lines[1][..4], ["flow", "order.id", "ord-1042", "2026-01-15T08:00:00.000000000Z"]);
    for command in [&["find", "ord-9\u{1b}[2J"][..], &["flow", "ord-9"], &["find", "ord-9", "--json"]] {
        let (code, _, said) = finish(&mut ask(shop.server.http, command));
        assert_eq!(code, Some(3), "{command:?}");
        assert!(said.contains("nothing carries the id `ord-9"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}
