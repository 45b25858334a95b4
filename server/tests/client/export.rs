//! `spoor export` against a server that streams as the API says: whole files or none.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::fake::{Answer, Fake, Then};
use crate::process::{finish, folder};
use crate::{ask, wait_until};

const RECORDS: &str = "{\"body\":\"a\"}\n{\"body\":\"b\"}\n";

fn ndjson() -> Answer {
    Answer::new(200, "application/x-ndjson", RECORDS).header("X-Spoor-Total", "2")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_whole_and_what_it_holds_is_said() {
    let fake = Fake::start(vec![ndjson()]);
    let folder = folder();
    let file = folder.path().join("out.ndjson");
    let arguments = ["export", "service:cart", "--limit", "5", "--output", file.to_str().unwrap()];
    let (code, out, said) = finish(&mut ask(fake.address, &arguments));
    assert_eq!((code, out.as_str()), (Some(0), ""), "{said}");
    assert!(said.starts_with("spoor: 2 records, 26 B in "), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), RECORDS);
    assert_eq!(files(folder.path()), ["out.ndjson"]);
    let asked = &fake.asked()[0];
    assert!(asked.starts_with("get /api/v1/export?q=service%3acart&format=ndjson&limit=5 http"), "{asked}");

    // A file that is there is not lost by accident.
    let (code, _, said) = finish(&mut ask(fake.address, &arguments));
    assert_eq!(code, Some(2));
    assert!(said.contains("exists"), "{said}");
    let forced = [&arguments[..], &["--force", "--quiet"]].concat();
    assert_eq!(finish(&mut ask(fake.address, &forced)), (Some(0), String::new(), String::new()));
}

#[test]
fn to_standard_output_nothing_else_is_written() {
    let fake = Fake::start(vec![ndjson()]);
    assert_eq!(finish(&mut ask(fake.address, &["export"])), (Some(0), RECORDS.to_owned(), String::new()));
    let fake = Fake::start(vec![Answer::new(200, "text/csv", "time,body\n1,x\n")]);
    let arguments = ["export", "-f", "csv", "-o", "-", "--columns", "time,body"];
    assert_eq!(finish(&mut ask(fake.address, &arguments)).1, "time,body\n1,x\n");
    assert!(fake.asked()[0].contains("format=csv&columns=time%2cbody "), "{:?}", fake.asked());
}

#[test]
fn an_export_that_breaks_leaves_no_file() {
    let fake = Fake::start(vec![ndjson().then(Then::Break)]);
    let folder = folder();
    let file = folder.path().join("out.ndjson");
    let (code, _, said) = finish(&mut ask(fake.address, &["export", "--output", file.to_str().unwrap()]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("connection to the server broke"), "{said}");
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn ctrl_c_leaves_no_file() {
    let fake = Fake::start(vec![ndjson().then(Then::Hold)]);
    let folder = folder();
    let file = folder.path().join("out.ndjson");
    let mut command = ask(fake.address, &["export", "--output", file.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the export writes", || {
        let partial = std::fs::read_dir(folder.path()).unwrap().next();
        partial.is_some_and(|entry| entry.unwrap().metadata().unwrap().len() > 0)
    });
    assert_eq!(files(folder.path()).len(), 1);
    let status = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let fake = Fake::start(vec![ndjson()]);
    let folder = folder();
    let file = folder.path().join("missing").join("out.ndjson");
    let (code, _, said) = finish(&mut ask(fake.address, &["export", "--output", file.to_str().unwrap()]));
    assert_eq!(code, Some(1));
    assert!(said.contains("failed to write `") && said.contains("No such file"), "{said}");
}
