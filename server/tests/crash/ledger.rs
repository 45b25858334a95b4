//! What was acknowledged, and whether exactly that is found.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::load::{Request, Sent};
use super::process::Server;

/// Records asked for at once.
const PAGE: u64 = 10_000;
/// Requests of a round that are looked up by their id.
const FLOWS_CHECKED: usize = 5;

/// What was acknowledged, by round and request: records in it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rounds: BTreeMap<u64, HashMap<String, u64>>,
}

impl Ledger {
    /// Notes what a round's senders know; returns the requests whose fate is open.
    pub(crate) fn note(&mut self, round: u64, sent: Vec<Sent>) -> Vec<Request> {
        let mut in_doubt = Vec::new();
        for sent in sent {
            for request in sent.acknowledged {
                self.acknowledge(round, &request);
            }
            in_doubt.extend(sent.in_doubt);
        }
        in_doubt
    }

    /// Notes that a request was acknowledged.
    pub(crate) fn acknowledge(&mut self, round: u64, request: &Request) {
        let before = self.rounds.entry(round).or_default().insert(request.name.clone(), request.records);
        assert_eq!(before, None, "{} was sent twice", request.name);
    }

    /// Acknowledged records.
    pub(crate) fn records(&self) -> u64 {
        self.rounds.values().flat_map(HashMap::values).sum()
    }

    /// Finds each acknowledged record of a round once, and of each request in doubt all or nothing.
    pub(crate) fn check_round(&self, server: &Server, round: u64, in_doubt: &[Request]) {
        let mut found = records_of(server, round);
        let none = HashMap::new();
        let acknowledged = self.rounds.get(&round).unwrap_or(&none);
        for (name, records) in acknowledged {
            for index in 0..*records {
                let count = found.remove(&format!("{name}-{index}")).unwrap_or(0);
                assert_eq!(
                    count, 1,
                    "acknowledged record {index} of {records} of request {name} is found {count} times"
                );
            }
        }
        for request in in_doubt {
            let present: Vec<_> = (0..request.records)
                .filter_map(|index| found.remove(&format!("{}-{index}", request.name)))
                .collect();
            let whole = present.len() as u64 == request.records && present.iter().all(|count| *count == 1);
            assert!(present.is_empty() || whole, "request {} is found in part: {present:?}", request.name);
        }
        assert!(found.is_empty(), "found what nobody sent: {found:?}");
        for name in acknowledged.keys().take(FLOWS_CHECKED) {
            check_flow(server, name, acknowledged[name]);
        }
    }

    /// Finds each request whole and once, by its id.
    pub(crate) fn check_requests(&self, server: &Server, requests: &[Request]) {
        for request in requests {
            check_flow(server, &request.name, request.records);
        }
    }

    /// Counts every round's records.
    pub(crate) fn check_counts(&self, server: &Server) {
        let answer = server.get("/api/v1/fields/crash.round/values?limit=1000").json();
        let found: BTreeMap<String, u64> = answer["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| (value["value"].as_str().unwrap().to_owned(), value["count"].as_u64().unwrap()))
            .collect();
        let expected: BTreeMap<String, u64> = self
            .rounds
            .iter()
            .map(|(round, requests)| (format!("round-{round}"), requests.values().sum()))
            .collect();
        assert_eq!(found, expected, "records by round, found and acknowledged");
    }

    /// Checks each of up to `most` rounds, spread over all, record by record.
    pub(crate) fn check_rounds(&self, server: &Server, most: usize) {
        let step = self.rounds.len().div_ceil(most).max(1);
        for round in self.rounds.keys().step_by(step) {
            self.check_round(server, *round, &[]);
        }
    }
}

/// How often each `crash.record` of a round is found.
///
/// A merge between two pages may repeat the last record of the first on the second (times are unique here, and a page
/// goes on from the time of the one before): that one is a page's border, not a second copy.
fn records_of(server: &Server, round: u64) -> HashMap<String, u64> {
    let mut found = HashMap::new();
    let mut cursor = String::new();
    let mut border = Value::Null;
    loop {
        let answer = server.get(&format!("/api/v1/search?q=crash.round:round-{round}&limit={PAGE}{cursor}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let page = answer.json();
        let records = page["records"].as_array().unwrap();
        let repeated = usize::from(records.first().is_some_and(|first| first["time"] == border));
        border = records.last().map_or(Value::Null, |last| last["time"].clone());
        for record in &records[repeated..] {
            let name = record["attributes"]["crash.record"].as_str().unwrap();
            *found.entry(name.to_owned()).or_default() += 1;
        }
        match &page["cursor"] {
            Value::Null => return found,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
}

fn check_flow(server: &Server, name: &str, records: u64) {
    let flow = server.get(&format!("/api/v1/flows/{name}?key=correlation.id")).json();
    let count = |key: &str| flow[key].as_u64().unwrap_or_else(|| panic!("{name}: {flow}"));
    assert_eq!(count("span_count") + count("log_count"), records, "{name}");
    assert_eq!(count("duplicate_count"), 0, "{name}");
}
