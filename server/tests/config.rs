//! Wrong configurations are refused before anything starts, with a message that names the place and what to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on has failed"
)]

mod process;

use std::net::TcpListener;

use process::{Server, finish, folder, spoor};

/// Checks a file and returns what was said about it, with the file's folder left out.
fn check(yaml: &str) -> (Option<i32>, String) {
    let folder = folder();
    let file = folder.path().join("spoor.yaml");
    std::fs::write(&file, yaml).unwrap();
    let (code, _, said) = finish(spoor(&["config", "check", "--config"]).arg(&file));
    (code, said.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn a_wrong_file_is_refused_with_line_column_and_what_is_known() {
    for (yaml, parts) in [
        (
            "store:\n  split_record: 5\n",
            &[
                "spoor.yaml:2:3: unknown key `split_record`",
                "did you mean `split_records`?",
                "retention_seconds",
            ][..],
        ),
        ("lisen: {}\n", &["spoor.yaml:1:1: unknown key `lisen`; did you mean `listen`?", "telemetry"]),
        (
            "listen:\n  connections_max: many\n",
            &["spoor.yaml:2:20: expected a whole number", "    connections_max: many\n"],
        ),
        (
            "listen:\n  http: 16686\n",
            &["spoor.yaml:2:9: `16686` is not an address to listen on; give HOST:PORT"],
        ),
        ("listen:\n  insecure: perhaps\n", &["spoor.yaml:2:13: expected true or false"]),
        ("store: 3\n", &["spoor.yaml:1:8: expected keys with values"]),
        ("listen: {insecure: true, insecure: true}\n", &["spoor.yaml:1:26: ", "`insecure`"]),
        ("listen: [\n", &["spoor.yaml:1:9: unclosed"]),
        ("telemetry: {log_format: xml}\n", &["spoor.yaml:1:25: ", "text", "json"]),
        ("telemetry: {log: 'spoor=loud=1'}\n", &["telemetry.log `spoor=loud=1`"]),
        ("store: {split_records: 1}\n", &["store.split_records must be from"]),
        ("listen: {base_path: spoor/}\n", &["listen.base_path `spoor/` must be empty or start with `/`"]),
        ("listen: {connections_max: 0}\n", &["listen.connections_max must be at least 1"]),
    ] {
        let (code, said) = check(yaml);
        assert_eq!(code, Some(2), "{yaml}: {said}");
        for part in parts {
            assert!(said.contains(part), "{yaml} does not say {part:?}: {said}");
        }
    }
}

#[test]
fn sections_without_keys_mean_the_defaults() {
    for yaml in ["", "# nothing\n", "store:\nlisten:\n  # http: 127.0.0.1:1\n", "---\nowners: {}\n"] {
        let (code, said) = check(yaml);
        assert_eq!(code, Some(0), "{yaml}: {said}");
    }
}

#[test]
fn a_file_that_is_not_one_is_refused() {
    let folder = folder();
    let long = folder.path().join("long.yaml");
    std::fs::File::create(&long).unwrap().set_len(2 << 20).unwrap();
    for (file, part) in [
        (folder.path().join("none.yaml"), "No such file"),
        (folder.path().to_owned(), "failed to read"),
        (long, "has 2097152 bytes"),
    ] {
        let (code, _, said) = finish(spoor(&["config", "check", "--config"]).arg(file));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_wrong_variable_is_refused_by_its_name() {
    for (name, value, part) in [
        ("SPOOR_STORE_SPLIT_RECORD", "5", "sets no key; did you mean SPOOR_STORE_SPLIT_RECORDS?"),
        ("SPOOR_NONSENSE", "5", "sets no key; `spoor config print` lists every key"),
        ("SPOOR_STORE_SPLIT_RECORDS", "many", "is not valid: expected a whole number"),
        ("SPOOR_STORE_SPLIT_RECORDS", "", "is not valid: "),
        ("SPOOR_OWNERS", "7", "is not valid: expected keys with values"),
        ("SPOOR_LISTEN_HTTP", "here", "is not valid: `here` is not an address"),
    ] {
        let (code, _, said) = finish(spoor(&["config", "check"]).env(name, value));
        assert_eq!(code, Some(2), "{name}={value}: {said}");
        assert!(said.contains(&format!("{name} in the environment {part}")), "{name}={value}: {said}");
    }
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_called_spoor_are_ignored() {
    let mut command = spoor(&["config", "check"]);
    command.env("SPOOR_PORT", "tcp://10.0.0.1:4317").env("SPOOR_SERVICE_HOST", "10.0.0.1");
    let (code, _, said) = finish(&mut command);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_flag_stands_above_the_environment_above_the_file_above_the_default() {
    let folder = folder();
    let file = folder.path().join("spoor.yaml");
    std::fs::write(
        &file,
        "listen: {http: '127.0.0.1:1', otlp_http: '127.0.0.1:2', otlp_grpc: '127.0.0.1:3'}\n",
    )
    .unwrap();
    let mut command = spoor(&["config", "print", "--http", "127.0.0.1:7"]);
    command.env("SPOOR_CONFIG", &file);
    command.env("SPOOR_LISTEN_HTTP", "127.0.0.1:8").env("SPOOR_LISTEN_OTLP_HTTP", "127.0.0.1:9");
    let (code, printed, said) = finish(&mut command);
    assert_eq!(code, Some(0), "{said}");
    let line = |key: &str| {
        let line = printed.lines().find(|line| line.trim_start().starts_with(&format!("{key}:"))).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("http"), "http: \"127.0.0.1:7\" # --http");
    assert_eq!(line("otlp_http"), "otlp_http: \"127.0.0.1:9\" # SPOOR_LISTEN_OTLP_HTTP");
    assert_eq!(line("otlp_grpc"), format!("otlp_grpc: \"127.0.0.1:3\" # {}", file.display()));
    assert_eq!(line("connections_max"), "connections_max: 1024 # default");
}

#[test]
fn what_is_printed_is_a_configuration_that_means_the_same() {
    let folder = folder();
    let file = folder.path().join("printed.yaml");
    let mut command = spoor(&["config", "print"]);
    command
        .env("SPOOR_OWNERS", "{checkout: payments, \"a: b\": 'c # d'}")
        .env("SPOOR_TELEMETRY_LOG", "info,spoor=debug");
    let (_, printed, _) = finish(&mut command);
    std::fs::write(&file, &printed).unwrap();
    let (code, again, said) = finish(spoor(&["config", "print", "--config"]).arg(&file));
    assert_eq!(code, Some(0), "{said}");
    let values = |text: &str| {
        text.lines()
            .map(|line| line.rsplit_once(" # ").map_or(line, |pair| pair.0).trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&printed), values(&again));
    assert!(printed.contains("checkout"), "{printed}");
}

#[test]
fn listening_wider_than_this_machine_needs_consent() {
    for flag in ["--http", "--otlp-grpc", "--otlp-http", "--jaeger-grpc"] {
        let (code, _, said) = finish(&mut spoor(&["serve", flag, "0.0.0.0:0"]));
        assert_eq!(code, Some(2), "{said}");
        assert!(
            said.contains("0.0.0.0:0, which other machines can reach") && said.contains("--insecure"),
            "{said}"
        );
    }
    let folder = folder();
    let server = Server::start(folder.path(), &["--insecure", "--http", "0.0.0.0:0"]);
    assert!(server.http.ip().is_unspecified());
}

#[test]
fn a_port_in_use_is_said_with_the_flag_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let flags = ["--otlp-grpc", "--otlp-http", "--http", "--jaeger-grpc"];
    for (flag, key) in flags.into_iter().zip(["otlp_grpc", "otlp_http", "http", "jaeger_grpc"]) {
        let folder = folder();
        let mut command = spoor(&["--data-dir"]);
        command.arg(folder.path().join("data"));
        for other in flags {
            command.args([other, if other == flag { &address } else { "127.0.0.1:0" }]);
        }
        let (code, _, said) = finish(&mut command);
        assert_eq!(code, Some(1), "{said}");
        let advice = format!(
            "failed to listen on {address}; choose another address with {flag} HOST:PORT (listen.{key})"
        );
        assert!(said.contains(&advice) && said.contains("in use"), "{said}");
        assert!(
            !folder.path().join("data").exists(),
            "the data directory was made before the sockets were bound"
        );
    }
}
