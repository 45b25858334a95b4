//! Answers against the truth. Each check gives the first difference in words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Answer;
use crate::generate::{Service, hex};
use crate::truth::{FlowTruth, JAEGER_LIMIT, JAEGER_SERVICE, NEWEST_KEPT, SearchTruth, Truth};

/// The outcome of a check.
pub(super) type Checked = Result<(), String>;

/// A whole flow: counts, traces, and as many records as counted.
pub(super) fn flow(answer: &Answer, truth: &FlowTruth) -> Checked {
    let json = answer.ok().map_err(|error| format!("flow {}: {error:#}", truth.id))?;
    let same = |name: &str, expected: u64| {
        same_number(&json, name, expected).map_err(|why| format!("flow {}: {why}", truth.id))
    };
    same("span_count", truth.spans)?;
    same("log_count", truth.logs)?;
    same("error_count", truth.error_spans + truth.error_logs)?;
    let listed = |name: &str| json[name].as_array().map_or(0, Vec::len) as u64;
    if (listed("spans"), listed("logs")) != (truth.spans, truth.logs) || !json["truncated"].is_null() {
        return Err(format!(
            "flow {}: lists {} spans and {} logs, truncated {}",
            truth.id,
            listed("spans"),
            listed("logs"),
            json["truncated"]
        ));
    }
    let found =
        json["traces"].as_array().into_iter().flatten().filter_map(|trace| trace["trace_id"].as_str());
    let found: BTreeSet<String> = found.map(str::to_owned).collect();
    let expected: BTreeSet<String> = truth.traces.iter().map(|trace| hex(trace)).collect();
    if found != expected {
        return Err(format!("flow {}: traces {found:?}, expected {expected:?}", truth.id));
    }
    Ok(())
}

/// No such flow.
pub(super) fn no_flow(answer: &Answer) -> Checked {
    let code = answer.json().map_err(|error| format!("{error:#}"))?["error"]["code"].clone();
    if answer.status == 404 && code == "not_found" {
        return Ok(());
    }
    Err(format!("absent id: status {}, code {code}", answer.status))
}

/// `/find` names the kind of a known id; an absent id has no match.
pub(super) fn find(answer: &Answer, id: &str, kind: Option<&str>) -> Checked {
    let json = answer.ok().map_err(|error| format!("find {id}: {error:#}"))?;
    let Some(matches) = json["matches"].as_array() else {
        return Err(format!("find {id}: no list of matches"));
    };
    let right = match kind {
        None => matches.is_empty(),
        Some(kind) => matches.iter().any(|found| found["kind"] == kind),
    };
    if right { Ok(()) } else { Err(format!("find {id}: {}, expected {kind:?}", json["matches"])) }
}

/// The newest matches, newest first, by their times.
pub(super) fn search(answer: &Answer, query: &str, truth: &SearchTruth) -> Checked {
    let json = answer.ok().map_err(|error| format!("search {query}: {error:#}"))?;
    let records = json["records"].as_array().ok_or_else(|| format!("search {query}: no list of records"))?;
    let expected = truth.newest.len().min(NEWEST_KEPT);
    if records.len() != expected {
        return Err(format!("search {query}: {} records, expected {expected}", records.len()));
    }
    for (record, expected) in records.iter().zip(&truth.newest) {
        if record["time"] != expected.to_string().as_str() {
            return Err(format!("search {query}: a record of {}, expected {expected}", record["time"]));
        }
    }
    Ok(())
}

/// A histogram's total and its buckets, within what may be counted.
pub(super) fn histogram(answer: &Answer, what: &str, expected: std::ops::RangeInclusive<u64>) -> Checked {
    let json = answer.ok().map_err(|error| format!("histogram of {what}: {error:#}"))?;
    let total = json["total"].as_u64().ok_or_else(|| format!("histogram of {what}: no total"))?;
    let buckets: u64 =
        json["buckets"].as_array().into_iter().flatten().filter_map(|bucket| bucket["count"].as_u64()).sum();
    if total != buckets || !expected.contains(&total) {
        return Err(format!("histogram of {what}: total {total}, buckets {buckets}, expected {expected:?}"));
    }
    Ok(())
}

/// Counts by service, spans and log records together. Second copies of spans may be counted until compaction.
pub(super) fn service_values(answer: &Answer, truth: &Truth) -> Checked {
    let json = answer.ok().map_err(|error| format!("values of service: {error:#}"))?;
    for (service, counts) in &truth.services {
        let found = entry(&json["values"], "value", *service)?["count"].as_u64().unwrap_or(0);
        let expected = counts.spans + counts.logs;
        if !(expected..=expected + counts.duplicate_spans).contains(&found) {
            return Err(format!("values of service: {} has {found}, expected {expected}", service.name()));
        }
    }
    let listed = json["values"].as_array().map_or(0, Vec::len);
    if listed == truth.services.len() { Ok(()) } else { Err(format!("values of service: {listed} values")) }
}

/// The newest traces of the service, newest span of it first, each with that span in it; times are microseconds.
pub(super) fn jaeger_traces(answer: &Answer, truth: &Truth) -> Checked {
    let json = answer.ok().map_err(|error| format!("Jaeger search: {error:#}"))?;
    let found = json["data"].as_array().ok_or("Jaeger search: no list of traces")?;
    let mut expected: Vec<(u64, String)> =
        truth.jaeger_traces.iter().map(|(trace, time)| (*time / 1_000, hex(trace))).collect();
    expected.sort_unstable_by(|left, right| right.cmp(left));
    if found.len() != expected.len().min(JAEGER_LIMIT) {
        return Err(format!("Jaeger search: {} traces, expected {}", found.len(), expected.len()));
    }
    for (trace, (time, id)) in found.iter().zip(&expected) {
        let starts = trace["spans"].as_array().into_iter().flatten();
        let of_service = |span: &&Value| {
            let process = span["processID"].as_str().unwrap_or_default();
            trace["processes"][process]["serviceName"] == JAEGER_SERVICE.name()
        };
        let newest = starts.filter(of_service).filter_map(|span| span["startTime"].as_u64()).max();
        // Traces of one microsecond may stand in either order.
        let is_other =
            trace["traceID"] != id.as_str() && expected.iter().filter(|other| other.0 == *time).count() < 2;
        if newest != Some(*time) || is_other {
            return Err(format!(
                "Jaeger search: {} of {newest:?}, expected {id} of {time}",
                trace["traceID"]
            ));
        }
    }
    Ok(())
}

/// Counts by service and signal, and requests. Second copies of spans may be counted until compaction.
pub(super) fn services(answer: &Answer, truth: &Truth) -> Checked {
    let json = answer.ok().map_err(|error| format!("services: {error:#}"))?;
    for (service, counts) in &truth.services {
        let (spans, logs) = service_counts(&json, *service)?;
        if !(counts.spans..=counts.spans + counts.duplicate_spans).contains(&spans) || logs != counts.logs {
            return Err(format!(
                "services: {} has {spans} spans and {logs} logs, expected {} and {}",
                service.name(),
                counts.spans,
                counts.logs
            ));
        }
        let requests = entry(&json["services"], "name", *service)?["request_count"].as_u64();
        let expected = counts.requests..=counts.requests + counts.duplicate_spans;
        if !requests.is_some_and(|requests| expected.contains(&requests)) {
            return Err(format!(
                "services: {} has {requests:?} requests, expected {expected:?}",
                service.name()
            ));
        }
    }
    Ok(())
}

/// Counts of every edge, and no other edge. Second copies of spans may be counted until compaction.
pub(super) fn graph(answer: &Answer, truth: &Truth) -> Checked {
    let json = answer.ok().map_err(|error| format!("graph: {error:#}"))?;
    let edges = json["edges"].as_array().ok_or("graph: no list of edges")?;
    for ((caller, callee, is_message), count) in &truth.edges {
        let kind = if *is_message { "queue" } else { "call" };
        let is_it = |edge: &&Value| {
            edge["source"] == caller.name() && edge["target"] == callee.name() && edge["kind"] == kind
        };
        let found = edges.iter().find(is_it).and_then(|edge| edge["count"].as_u64()).unwrap_or(0);
        let copies = truth.services.get(callee).map_or(0, |counts| counts.duplicate_spans);
        if !(*count..=count + copies).contains(&found) {
            return Err(format!(
                "graph: {found} times {kind} from {} to {}, expected {count}",
                caller.name(),
                callee.name()
            ));
        }
    }
    if edges.len() == truth.edges.len() { Ok(()) } else { Err(format!("graph: {} edges", edges.len())) }
}

/// Spans and log records of a service, as `/services` tells them.
pub(super) fn service_counts(json: &Value, service: Service) -> Result<(u64, u64), String> {
    let entry = entry(&json["services"], "name", service)?;
    Ok((entry["span_count"].as_u64().unwrap_or(0), entry["log_count"].as_u64().unwrap_or(0)))
}

fn entry<'a>(list: &'a Value, key: &str, service: Service) -> Result<&'a Value, String> {
    let found = list.as_array().into_iter().flatten().find(|entry| entry[key] == service.name());
    found.ok_or_else(|| format!("{} is not in the list", service.name()))
}

fn same_number(json: &Value, name: &str, expected: u64) -> Checked {
    if json[name].as_u64() == Some(expected) {
        return Ok(());
    }
    Err(format!("{name} is {}, expected {expected}", json[name]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::truth::ServiceTruth;

    fn flow_truth() -> FlowTruth {
        let traces = vec![[1; 16], [2; 16]];
        FlowTruth { id: "o-1".to_owned(), traces, spans: 2, logs: 1, error_logs: 1, ..FlowTruth::default() }
    }

    fn flow_answer() -> Value {
        json!({
            "span_count": 2, "log_count": 1, "error_count": 1, "truncated": null, "spans": [{}, {}], "logs": [{}],
            "traces": [{"trace_id": hex(&[2; 16])}, {"trace_id": hex(&[1; 16])}],
        })
    }

    #[test]
    fn a_flow_with_anything_missing_is_wrong() {
        assert_eq!(flow(&Answer::of(200, &flow_answer()), &flow_truth()), Ok(()));
        for (pointer, value) in [
            ("/span_count", json!(1)),
            ("/log_count", json!(2)),
            ("/error_count", json!(0)),
            ("/truncated", json!({"spans": 1})),
            ("/spans", json!([{}])),
            ("/traces/0/trace_id", json!(hex(&[3; 16]))),
        ] {
            let mut answer = flow_answer();
            *answer.pointer_mut(pointer).unwrap() = value;
            assert!(flow(&Answer::of(200, &answer), &flow_truth()).is_err(), "{pointer} is not checked");
        }
        assert!(flow(&Answer::of(404, &flow_answer()), &flow_truth()).is_err());
    }

    #[test]
    fn only_not_found_says_that_an_id_is_absent() {
        assert_eq!(no_flow(&Answer::of(404, &json!({"error": {"code": "not_found"}}))), Ok(()));
        assert!(no_flow(&Answer::of(404, &json!({"error": {"code": "no_such_route"}}))).is_err());
        assert!(no_flow(&Answer::of(200, &flow_answer())).is_err());
    }

    #[test]
    fn a_find_must_name_the_kind() {
        let flow = Answer::of(200, &json!({"matches": [{"kind": "flow"}]}));
        assert_eq!(find(&flow, "x", Some("flow")), Ok(()));
        assert!(find(&flow, "x", Some("trace")).is_err());
        assert!(find(&flow, "x", None).is_err());
        assert_eq!(find(&Answer::of(200, &json!({"matches": []})), "x", None), Ok(()));
    }

    #[test]
    fn a_search_must_give_the_newest_in_order() {
        let truth = SearchTruth { count: 3, newest: vec![30, 20, 10] };
        let answer = |times: &[&str]| {
            let records: Vec<Value> = times.iter().map(|time| json!({"time": time})).collect();
            Answer::of(200, &json!({"records": records}))
        };
        assert_eq!(search(&answer(&["30", "20", "10"]), "q", &truth), Ok(()));
        assert!(search(&answer(&["20", "30", "10"]), "q", &truth).is_err());
        assert!(search(&answer(&["30", "20"]), "q", &truth).is_err());
    }

    #[test]
    fn a_histogram_must_add_up() {
        let answer =
            |total: u64| Answer::of(200, &json!({"total": total, "buckets": [{"count": 4}, {"count": 6}]}));
        assert_eq!(histogram(&answer(10), "all", 9..=10), Ok(()));
        assert!(histogram(&answer(10), "all", 11..=12).is_err());
        assert!(histogram(&answer(11), "all", 11..=12).is_err());
    }

    #[test]
    fn a_jaeger_search_must_give_the_newest_traces_whole_enough() {
        let truth = Truth { jaeger_traces: [([1; 16], 5_000), ([2; 16], 9_000)].into(), ..Truth::default() };
        let trace = |id: u8, start: u64| {
            json!({"traceID": hex(&[id; 16]), "spans": [{"processID": "p1", "startTime": start}],
                   "processes": {"p1": {"serviceName": "payment"}}})
        };
        let answer = |traces: Vec<Value>| Answer::of(200, &json!({"data": traces}));
        assert_eq!(jaeger_traces(&answer(vec![trace(2, 9), trace(1, 5)]), &truth), Ok(()));
        for wrong in [
            vec![trace(1, 5), trace(2, 9)],
            vec![trace(2, 9)],
            vec![trace(2, 9), trace(1, 4)],
            vec![trace(2, 9), trace(3, 5)],
        ] {
            assert!(jaeger_traces(&answer(wrong), &truth).is_err());
        }
    }

    #[test]
    fn service_counts_may_hold_second_copies_and_no_more() {
        let counts = ServiceTruth { spans: 5, logs: 3, duplicate_spans: 1, requests: 0 };
        let truth = Truth { services: [(Service::Cart, counts)].into(), ..Truth::default() };
        let values = |count| Answer::of(200, &json!({"values": [{"value": "cart", "count": count}]}));
        let listed = |spans, logs| {
            Answer::of(
                200,
                &json!({"services": [{"name": "cart", "span_count": spans, "log_count": logs, "request_count": 0}]}),
            )
        };
        for spans in [5, 6] {
            assert_eq!(service_values(&values(spans + 3), &truth), Ok(()));
            assert_eq!(services(&listed(spans, 3), &truth), Ok(()));
        }
        for spans in [4, 7] {
            assert!(service_values(&values(spans + 3), &truth).is_err());
            assert!(services(&listed(spans, 3), &truth).is_err());
        }
        assert!(services(&listed(5, 2), &truth).is_err());
        assert!(services(&Answer::of(200, &json!({"services": []})), &truth).is_err());
    }

    #[test]
    fn a_graph_must_have_every_edge_and_no_other() {
        let counts = ServiceTruth { duplicate_spans: 1, ..ServiceTruth::default() };
        let truth = Truth {
            services: [(Service::Cart, counts)].into(),
            edges: [((Service::Checkout, Service::Cart, false), 5)].into(),
            ..Truth::default()
        };
        let edge = |kind: &str, count: u64| json!({"source": "checkout", "target": "cart", "kind": kind, "count": count});
        let graph = |edges: &[Value]| graph(&Answer::of(200, &json!({"edges": edges})), &truth);
        assert_eq!(graph(&[edge("call", 5)]), Ok(()));
        assert_eq!(graph(&[edge("call", 6)]), Ok(()));
        assert!(graph(&[edge("call", 4)]).is_err());
        assert!(graph(&[edge("call", 7)]).is_err());
        assert!(graph(&[edge("queue", 5)]).is_err());
        assert!(graph(&[edge("call", 5), edge("queue", 1)]).is_err());
        assert!(graph(&[]).is_err());
    }
}
