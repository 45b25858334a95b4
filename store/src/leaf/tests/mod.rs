//! Hot rows and the split made of them must give the same answers; both must give what a plain list gives.

mod model;
mod sample;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use spoor_runtime::clock::Clock;

use super::*;
use crate::model::Signal;
use crate::predicate::{AttributeScope, Test};
use model::{holds, origins, predicate};
use sample::{Sample, hot_rows, sample, split_of};

pub(crate) use sample::handle_of;

fn budget() -> Budget {
    Budget::new(Clock::system(), Duration::from_secs(60), u64::MAX)
}

fn same_record(a: &Record, b: &Record) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hot_rows_and_split_answer_alike(
        samples in prop::collection::vec(sample(), 1..700),
        predicates in prop::collection::vec(predicate(), 12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = hot_rows(&samples);
        let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
        let everything: Vec<u32> = (0..samples.len() as u32).collect();
        let records = hot.fetch(&everything, &budget()).expect("fetched");
        for (a, b) in records.iter().zip(split.fetch(&everything, &budget()).expect("fetched")) {
            prop_assert!(same_record(a, &b), "hot {a:?}\nsplit {b:?}");
        }
        for (record, sample) in records.iter().zip(&samples) {
            prop_assert_eq!(record.time, sample.time);
            prop_assert_eq!(record.end_or_observed, sample.end);
            prop_assert_eq!(record.attributes.len(), sample.attributes.len() + usize::from(sample.unique));
        }
        let backwards: Vec<u32> = (0..=samples.len() as u32).rev().collect();
        let traces: Vec<Option<TraceId>> =
            backwards.iter().map(|at| records.get(*at as usize).and_then(|record| record.trace_id)).collect();
        prop_assert_eq!(&hot.trace_of_each(&backwards, &budget()).expect("read"), &traces);
        prop_assert_eq!(&split.trace_of_each(&backwards, &budget()).expect("read"), &traces);
        for (number, predicate) in predicates.iter().enumerate() {
            let expected: Vec<u32> = everything.iter().copied().filter(|at| holds(predicate, &records[*at as usize])).collect();
            let docs = hot.select(predicate, &budget()).expect("selected");
            prop_assert_eq!(docs.iter().collect::<Vec<_>>(), expected.clone(), "hot {:?}", predicate);
            let in_split = split.select(predicate, &budget()).expect("selected");
            prop_assert_eq!(in_split.iter().collect::<Vec<_>>(), expected, "split {:?}", predicate);

            let newest = hot.newest(&docs, None, 7).expect("found");
            let mut by_time: Vec<Place> = docs.iter().map(|ordinal| Place { time: records[ordinal as usize].time, ordinal }).collect();
            by_time.sort_by(|a, b| b.cmp(a));
            prop_assert_eq!(&newest[..], &by_time[..by_time.len().min(7)]);
            prop_assert_eq!(&newest, &split.newest(&docs, None, 7).expect("found"));
            if let Some(last) = newest.last() {
                let next = split.newest(&docs, Some(*last), 7).expect("found");
                prop_assert_eq!(&next[..], &by_time[newest.len()..by_time.len().min(newest.len() + 7)]);
            }
            by_time.reverse();
            for leaf in [&hot, &split] {
                let oldest = leaf.oldest(&docs, None, 7).expect("found");
                prop_assert_eq!(&oldest[..], &by_time[..by_time.len().min(7)]);
                let after = oldest.last().copied();
                let next = leaf.oldest(&docs, after, 5).expect("found");
                prop_assert_eq!(&next[..], &by_time[oldest.len()..by_time.len().min(oldest.len() + 5)]);
            }
            for facet in [
                Facet::Signal, Facet::Service, Facet::Severity, Facet::Kind, Facet::Status, Facet::Name,
                Facet::Correlation("order.id".into()), Facet::Attribute("app.key".into()), Facet::Attribute("service.name".into()),
            ] {
                let values = hot.values(&docs, &facet, &budget()).expect("counted");
                prop_assert_eq!(&values, &split.values(&docs, &facet, &budget()).expect("counted"), "{:?}", facet);
            }
            let buckets = Buckets { start: 1_000_000_000, width: 500_000_000, count: 6 };
            let counts = split.histogram(&docs, buckets, Some(&Facet::Severity), &budget()).expect("counted");
            let inside = by_time.iter().filter(|place| (1_000_000_000..4_000_000_000).contains(&place.time)).count() as u64;
            prop_assert_eq!(counts.values().flatten().sum::<u64>(), inside);
            prop_assert_eq!(counts, hot.histogram(&docs, buckets, Some(&Facet::Severity), &budget()).expect("counted"));
            // A few are enough: what is selected hardly matters here.
            for origins in origins().into_iter().filter(|_| number < 3) {
                let expected: Vec<Option<String>> = docs.iter().map(|at| origins.iter().find_map(|origin| origin.of(&records[at as usize]))).collect();
                for (leaf, read_max) in [(&hot, 0), (&split, 0), (&split, 4_096)] {
                    let values = fields::field_reading(leaf, &docs, &origins, &budget(), read_max).expect("found");
                    let text = |at| values.number(at).checked_sub(1).map(|number| values.texts()[number as usize].clone());
                    prop_assert_eq!(docs.iter().map(text).collect::<Vec<_>>(), expected.clone(), "hot: {}, {:?}", leaf.is_hot(), predicate);
                }
            }
            let mut timings = Vec::new();
            split.timings(&docs, &budget(), &mut |some| { timings.extend_from_slice(some); Ok(()) }).expect("read");
            let expected: Vec<Timing> = docs.iter().map(|ordinal| {
                let record = &records[ordinal as usize];
                Timing { ordinal, time: record.time, duration: (record.signal == Signal::Spans).then(|| record.duration()) }
            }).collect();
            prop_assert_eq!(timings, expected);
            prop_assert_eq!(hot.traces(&docs, &budget()).expect("read"), split.traces(&docs, &budget()).expect("read"));
        }
        for prefix in ["", "http.", "app.key", "x"] {
            let fields = hot.fields(prefix, &budget()).expect("listed");
            prop_assert!(fields.keys().all(|(_, name)| name.starts_with(prefix)));
            prop_assert_eq!(fields, split.fields(prefix, &budget()).expect("listed"), "{}", prefix);
        }
        prop_assert_eq!(hot.correlation_keys("ord-1").expect("read"), split.correlation_keys("ord-1").expect("read"));
    }

    #[test]
    fn recent_ids_are_those_of_the_newest_records_each_once(
        samples in prop::collection::vec(sample(), 1..900),
        range in (0_u64..5_000, 0_u64..5_000).prop_map(|(a, b)| TimeRange { start: a.min(b) * 1_000_003, end: a.max(b) * 1_000_003 }),
        wanted in prop::sample::subsequence(vec!["order.id", "request.id", "unknown.id"], 1..3),
        limit in 1_usize..40,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = hot_rows(&samples);
        let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
        let keys: BTreeSet<String> = wanted.iter().map(|key| (*key).to_owned()).collect();
        let records = hot.fetch(&(0..samples.len() as u32).collect::<Vec<_>>(), &budget()).expect("fetched");
        let mut newest: BTreeMap<(String, String), u64> = BTreeMap::new();
        for record in records.iter().filter(|record| range.contains(record.time)) {
            for pair in record.correlations.iter().filter(|(key, _)| keys.contains(key)) {
                let time = newest.entry(pair.clone()).or_default();
                *time = record.time.max(*time);
            }
        }
        let mut expected: Vec<RecentId> =
            newest.into_iter().map(|((key, id), time)| RecentId { time, key, id }).collect();
        expected.sort();
        for leaf in [&hot, &split] {
            let (mut except, mut after, mut found) = (HashSet::new(), None, Vec::new());
            loop {
                let query = RecentQuery { range, keys: &keys, after: after.as_ref(), except: &except, limit };
                let page = leaf.recent(&query, &budget()).expect("read");
                prop_assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                after = Some(last.clone());
                except.extend(page.iter().map(|recent| (recent.key.clone(), recent.id.clone())));
                found.extend(page);
            }
            prop_assert_eq!(&found, &expected);
        }
        for key in wanted {
            let stands = records.iter().any(|record| record.correlations.iter().any(|(found, _)| found == key));
            prop_assert_eq!(hot.has_correlation_key(key, &budget()).expect("read"), stands);
            prop_assert_eq!(split.has_correlation_key(key, &budget()).expect("read"), stands);
        }
    }
}

#[test]
fn unique_values_stay_out_of_the_dictionary_and_are_found() {
    let samples: Vec<Sample> = (0..12_000_u32)
        .map(|number| Sample {
            is_span: false,
            service: 0,
            time: u64::from(number),
            end: 0,
            kind: 9,
            status: 0,
            trace: 1,
            span: 1,
            parent: 0,
            name: String::new(),
            words: vec![],
            attributes: vec![],
            order: None,
            link: None,
            unique: true,
        })
        .collect();
    let rows = hot_rows(&samples);
    assert!(rows.read().tables.attributes.len() < 5_000, "the dictionary is bounded");
    let folder = tempfile::tempdir().expect("a folder");
    let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
    for wanted in [0, 4_000, 11_999] {
        let test = Test::Equals(format!("unique-{wanted}"));
        let predicate = Predicate::Attribute { scope: AttributeScope::Any, key: "request.uuid".into(), test };
        for leaf in [&hot, &split] {
            let docs = leaf.select(&predicate, &budget()).expect("selected");
            assert_eq!(docs.iter().collect::<Vec<_>>(), [wanted]);
        }
    }
    let uuid = [Origin::Attribute("request.uuid".to_owned())];
    for leaf in [&hot, &split] {
        let values = leaf.field(&DocSet::all(12_000), &uuid, &budget()).expect("found");
        for ordinal in [0, 4_000, 11_999] {
            let number = values.number(ordinal) as usize;
            assert_eq!(values.texts()[number - 1], format!("unique-{ordinal}"));
        }
        let held = budget();
        drop(leaf.field(&DocSet::all(12_000), &uuid, &held).expect("found"));
        assert_eq!(held.held(), 0, "what is dropped is given back");
        let small = Budget::new(Clock::system(), Duration::from_secs(60), 100_000);
        let refused = leaf.field(&DocSet::all(12_000), &uuid, &small);
        assert!(matches!(refused, Err(Error::TooCostly { .. })), "memory is bounded");
    }
    let exists = Predicate::Attribute {
        scope: AttributeScope::Record,
        key: "request.uuid".into(),
        test: Test::Exists,
    };
    assert_eq!(split.select(&exists, &budget()).expect("selected").len(), 12_000);
}
