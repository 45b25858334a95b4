//! What an unknown string is: a trace, a span, a correlation id under some key.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use spoor_store::leaf::{Budget, DocSet, Facet, Leaf};
use spoor_store::model::{Signal, SpanId, Tenant, TraceId, UnixNanos};
use spoor_store::predicate::{Predicate, Test};
use utoipa::ToSchema;

use super::seed::{Seed, unkeyed};
use crate::engine::Engine;
use crate::error::Result;
use crate::json;
use crate::keys::KeyAliases;

/// Most traces told of one span id; it should have one.
const SPAN_TRACES_MAX: usize = 10;

/// What a string is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindAnswer {
    /// The string.
    pub id: String,
    /// Its canonical form.
    pub normalized: String,
    /// What it is; empty when nothing carries it.
    pub matches: Vec<Match>,
}

/// One thing a string is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Match {
    /// Which kind of thing.
    pub kind: MatchKind,
    /// Correlation key of a flow.
    pub key: Option<String>,
    /// Canonical id.
    pub id: String,
    /// Trace of a span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Time of the first record that carries it.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub first: UnixNanos,
    /// Time of the last.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub last: UnixNanos,
    /// Spans that carry it.
    pub spans: u64,
    /// Log records that carry it.
    pub logs: u64,
}

/// What a string can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchKind {
    /// A trace id.
    Trace,
    /// A span id.
    Span,
    /// A correlation id.
    Flow,
}

/// One meaning of the string, as found in leaves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Trace(TraceId),
    Span(SpanId),
    Key(String),
}

/// Records of one meaning.
#[derive(Debug, Clone, Default)]
struct Tally {
    first: UnixNanos,
    last: UnixNanos,
    spans: u64,
    logs: u64,
    traces: HashMap<TraceId, u32>,
}

impl Engine {
    /// What `id` is, at any age.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn find(&self, tenant: &Tenant, id: &str) -> Result<FindAnswer> {
        let turn = self.turn(tenant).await?;
        let mut leaves = self.snapshot(tenant).leaves().to_vec();
        let count = leaves.len();
        let seed = Seed::new(id, None);
        let lanes = turn.run.lanes();
        let looked = seed.clone();
        let look = move |leaf: &Leaf, budget: &Budget| look(leaf, &looked, budget);
        let mut found = add_up(turn.run.each(leaves.clone(), lanes, look).await?);
        let aliases: Vec<KeyAliases> = self.keys().configured().cloned().collect();
        if found.is_empty() && !aliases.is_empty() {
            let text = seed.text.clone();
            // None of the hot rows is older than the keys: replay extracts anew.
            leaves.retain(|leaf| !leaf.is_hot());
            let look = move |leaf: &Leaf, budget: &Budget| look_at_aliases(leaf, &text, &aliases, budget);
            found = add_up(turn.run.each(leaves, lanes, look).await?);
        }
        turn.end(count, 0);
        let matches: Vec<Match> =
            found.into_iter().flat_map(|(meaning, tally)| matches_of(meaning, tally, &seed.text)).collect();
        let normalized = matches.first().map_or_else(|| seed.text.clone(), |first| first.id.clone());
        Ok(FindAnswer { id: id.to_owned(), normalized, matches })
    }
}

type Tallies = Vec<(Meaning, Tally)>;

fn look(leaf: &Leaf, seed: &Seed, budget: &Budget) -> spoor_store::Result<Tallies> {
    let mut asked: Vec<(Meaning, Predicate)> = Vec::new();
    asked.extend(seed.trace.map(|id| (Meaning::Trace(id), Predicate::Trace(id))));
    asked.extend(seed.span.map(|id| (Meaning::Span(id), Predicate::Span(id))));
    for key in leaf.correlation_keys(&seed.text)? {
        let test = Test::Equals(seed.text.clone());
        asked.push((Meaning::Key(key.clone()), Predicate::Correlation { key: Some(key), test }));
    }
    tally_all(leaf, asked, budget)
}

fn look_at_aliases(
    leaf: &Leaf,
    id: &str,
    keys: &[KeyAliases],
    budget: &Budget,
) -> spoor_store::Result<Tallies> {
    let asked = keys.iter().map(|key| (Meaning::Key(key.name.clone()), Predicate::Or(unkeyed(key, id))));
    tally_all(leaf, asked.collect(), budget)
}

fn tally_all(leaf: &Leaf, asked: Vec<(Meaning, Predicate)>, budget: &Budget) -> spoor_store::Result<Tallies> {
    let mut found = Vec::new();
    for (meaning, predicate) in asked {
        let docs = leaf.select(&predicate, budget)?;
        if !docs.is_empty() {
            let tally = tally(leaf, &docs, matches!(meaning, Meaning::Span(_)), budget)?;
            found.push((meaning, tally));
        }
    }
    Ok(found)
}

fn tally(leaf: &Leaf, docs: &DocSet, with_traces: bool, budget: &Budget) -> spoor_store::Result<Tally> {
    let signals = leaf.values(docs, &Facet::Signal, budget)?;
    let of = |signal: Signal| signals.get(signal.as_str()).copied().unwrap_or_default();
    let places = leaf.newest(docs, None, docs.len())?;
    let traces = if with_traces { leaf.traces(docs, budget)? } else { HashMap::new() };
    Ok(Tally {
        first: places.last().map_or(0, |place| place.time),
        last: places.first().map_or(0, |place| place.time),
        spans: of(Signal::Spans),
        logs: of(Signal::Logs),
        traces,
    })
}

fn add_up(leaves: Vec<Tallies>) -> BTreeMap<Meaning, Tally> {
    let mut sums: BTreeMap<Meaning, Tally> = BTreeMap::new();
    for (meaning, tally) in leaves.into_iter().flatten() {
        match sums.entry(meaning) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(tally);
            }
            std::collections::btree_map::Entry::Occupied(mut occupied) => occupied.get_mut().add(tally),
        }
    }
    sums
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.spans += other.spans;
        self.logs += other.logs;
        for (trace, count) in other.traces {
            *self.traces.entry(trace).or_default() += count;
        }
    }
}

fn matches_of(meaning: Meaning, tally: Tally, text: &str) -> Vec<Match> {
    let base = Match {
        kind: MatchKind::Flow,
        key: None,
        id: text.to_owned(),
        trace_id: None,
        first: tally.first,
        last: tally.last,
        spans: tally.spans,
        logs: tally.logs,
    };
    match meaning {
        Meaning::Trace(id) => vec![Match { kind: MatchKind::Trace, id: id.to_string(), ..base }],
        Meaning::Key(key) => vec![Match { key: Some(key), ..base }],
        Meaning::Span(id) => {
            let mut traces: Vec<TraceId> = tally.traces.into_keys().collect();
            traces.sort_unstable();
            traces.truncate(SPAN_TRACES_MAX);
            let base = Match { kind: MatchKind::Span, id: id.to_string(), ..base };
            if traces.is_empty() {
                return vec![base];
            }
            traces
                .into_iter()
                .map(|trace| Match { trace_id: Some(trace.to_string()), ..base.clone() })
                .collect()
        }
    }
}
