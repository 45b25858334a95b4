//! Exit codes and words when a question cannot be asked or is not answered.

use crate::fake::{Answer, Fake, Then};
use crate::order::shop;
use crate::process::finish;
use crate::{ask, process};

#[test]
fn a_wrong_query_is_shown_with_the_place_that_is_wrong() {
    let shop = shop();
    for command in ["search", "export", "tail", "stats"] {
        let (code, out, said) = finish(&mut ask(shop.server.http, &[command, "service:checkout", "a (b"]));
        if said.contains("there is no `/api/v1/") {
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("The server may be older than this client."), "{said}");
            continue;
        }
        assert_eq!((code, out.as_str()), (Some(2), ""), "{command}: {said}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[1], "  service:checkout a (b", "{said}");
        assert_eq!(lines[2], format!("  {}^", " ".repeat(19)), "{said}");
    }
}

#[test]
fn a_wrong_parameter_is_misuse() {
    let shop = shop();
    for (arguments, part) in [
        (&["search", "--start", "yesterday"][..], "`yesterday` is not a time such as 2026-01-31T12:00:00Z"),
        (&["search", "--signal", "metrics"], "`logs` nor `spans`"),
        (&["search", "--cursor", "forged"], "cursor"),
        (&["flow", ".."], "is no id"),
        (&["flow", ""], "is no id"),
        (&["search", "--tenant", "no/such name"], "tenant"),
        (&["search", "--limit", "0"], "0"),
        (&["search", "--since", "soon"], "soon"),
        (&["search", "--since", "1h", "--start", "now"], "--start"),
        (&["flow", "x", "--width", "3"], "40..=1000"),
        (&["services", "--server", "https://spoor.example"], "speaks no TLS"),
    ] {
        let (code, _, said) = finish(&mut ask(shop.server.http, arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
}

#[test]
fn no_server_is_told_from_one_that_is_not_ready() {
    // Nobody listens on a port that was just given back.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, _, said) = finish(&mut ask(gone, &["search"]));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains(&format!("no server answers at http://{gone}: Connection refused")), "{said}");
    assert!(said.contains("spoor serve"), "{said}");

    let starting = Fake::start(vec![Answer::new(503, "text/plain", "starting: reading the log\u{1b}[2J")]);
    let (code, _, said) = finish(&mut ask(starting.address, &["services"]));
    assert_eq!(
        (code, said.as_str()),
        (Some(4), "spoor: server is not ready: starting: reading the log\\x1b[2J\n")
    );

    let busy = r#"{"error":{"code":"throttled","message":"too many queries are running"}}"#;
    let busy = Fake::start(vec![Answer::new(429, "application/json", busy).header("Retry-After", "7")]);
    let (code, _, said) = finish(&mut ask(busy.address, &["search"]));
    assert_eq!(code, Some(4));
    assert!(said.ends_with("too many queries are running\n  Try again in 7 s.\n"), "{said}");
}

#[test]
fn what_is_no_answer_of_ours_is_a_failure() {
    for (answer, part) in [
        (Answer::new(200, "text/html", "<html>"), "does not answer as Spoor does (no JSON)"),
        (Answer::new(404, "text/html", "<html>"), "(HTTP status 404)"),
        (Answer::json("{\"records\": 7}"), "same version"),
        (Answer::json("{\"records\": [").then(Then::Break), "connection to the server broke"),
    ] {
        let fake = Fake::start(vec![answer]);
        let (code, out, said) = finish(&mut ask(fake.address, &["search"]));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{said}");
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn tenant_and_address_come_from_flag_or_environment() {
    let empty = Fake::start(vec![Answer::json("{\"services\": []}")]);
    let arguments = ["services", "--tenant", "shop", "--server", &format!("http://{}/base/", empty.address)];
    assert_eq!(finish(&mut ask("127.0.0.1:1", &arguments)).0, Some(3));
    let mut command = ask(empty.address, &["services"]);
    assert_eq!(finish(command.env("SPOOR_TENANT", "other")).0, Some(3));
    let asked = empty.asked();
    assert!(asked[0].starts_with("get /base/api/v1/services http/1.1"), "{asked:?}");
    assert!(asked[0].contains("x-scope-orgid: shop"), "{asked:?}");
    assert!(asked[1].starts_with("get /api/v1/services http/1.1"), "{asked:?}");
    assert!(asked[1].contains("x-scope-orgid: other"), "{asked:?}");
}

#[test]
fn variables_of_the_client_do_not_keep_the_server_from_starting() {
    let mut command = process::spoor(&["config", "check"]);
    let (code, _, said) =
        finish(command.env("SPOOR_SERVER", "http://127.0.0.1:16686").env("SPOOR_TENANT", "shop"));
    assert_eq!(code, Some(0), "{said}");
}
