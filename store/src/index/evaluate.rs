//! Evaluates a predicate over one source of records, hot rows or a split, as algebra of record sets.
//!
//! A conjunction narrows its candidates from the cheapest condition to the dearest, so that a costly one is checked
//! on few records.

use std::sync::Arc;

use super::matching;
use super::term::Part;
use crate::columns::Columns;
use crate::columns::scan::{Test as ColumnTest, filter};
use crate::error::Result;
use crate::leaf::{Budget, DocSet};
use crate::model::{SpanId, Stream, TraceId};
use crate::predicate::{AttributeScope, Predicate, Test};

/// What hot rows and splits look up each in their own way. Every answer is a subset of `candidates` where they are
/// given.
pub(crate) trait Source {
    fn columns(&self) -> &dyn Columns;
    fn streams(&self) -> Vec<Arc<Stream>>;
    /// Whether a resource or scope may have the attribute; `false` is certain.
    fn may_have_stream_attribute(&self, key: &str, text: &str) -> bool;
    fn phrase(&self, tokens: &[String], candidates: &DocSet, budget: &Budget) -> Result<DocSet>;
    fn token_prefix(&self, prefix: &str, candidates: &DocSet, budget: &Budget) -> Result<DocSet>;
    fn body(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet>;
    fn trace(&self, id: &TraceId) -> Result<DocSet>;
    fn link(&self, id: &TraceId) -> Result<DocSet>;
    fn span(&self, id: &SpanId, budget: &Budget) -> Result<DocSet>;
    fn correlation(&self, key: Option<&str>, test: &Test, budget: &Budget) -> Result<DocSet>;
    fn record_attribute(
        &self,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet>;
    fn part_attribute(
        &self,
        part: Part,
        key: &str,
        test: &Test,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet>;
    fn name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet>;
    fn event_name(&self, test: &Test, candidates: &DocSet, budget: &Budget) -> Result<DocSet>;
}

/// Those of `candidates` that satisfy `predicate`.
pub(crate) fn evaluate(
    source: &dyn Source,
    predicate: &Predicate,
    candidates: &DocSet,
    budget: &Budget,
) -> Result<DocSet> {
    budget.check()?;
    if candidates.is_empty() {
        return Ok(candidates.clone());
    }
    let universe = candidates.universe();
    let looked_up = |found: DocSet| Ok(found.and(candidates));
    let scanned = |test: ColumnTest| filter(source.columns(), &test, candidates, budget);
    match predicate {
        Predicate::All => Ok(candidates.clone()),
        Predicate::None => Ok(DocSet::none(universe)),
        Predicate::And(parts) => {
            let mut parts: Vec<&Predicate> = parts.iter().collect();
            parts.sort_by_key(|part| cost(part));
            let mut left = candidates.clone();
            for part in parts {
                left = evaluate(source, part, &left, budget)?;
            }
            Ok(left)
        }
        Predicate::Or(parts) => {
            let found = parts.iter().map(|part| evaluate(source, part, candidates, budget));
            Ok(DocSet::union(universe, found.collect::<Result<_>>()?))
        }
        Predicate::Not(part) => Ok(evaluate(source, part, candidates, budget)?.not().and(candidates)),
        Predicate::Phrase(tokens) if tokens.is_empty() => Ok(DocSet::none(universe)),
        Predicate::Phrase(tokens) => source.phrase(tokens, candidates, budget),
        Predicate::TokenPrefix(prefix) => source.token_prefix(prefix, candidates, budget),
        Predicate::Body(test) => source.body(test, candidates, budget),
        Predicate::Trace(id) => looked_up(source.trace(id)?),
        Predicate::Span(id) => looked_up(source.span(id, budget)?),
        Predicate::Link(id) => looked_up(source.link(id)?),
        Predicate::Correlation { key, test } => {
            looked_up(source.correlation(key.as_deref(), test, budget)?)
        }
        Predicate::Name(test) => source.name(test, candidates, budget),
        Predicate::EventName(test) => source.event_name(test, candidates, budget),
        Predicate::Attribute { scope, key, test } => {
            attribute(source, *scope, (key, test), candidates, budget)
        }
        Predicate::ScopeName(test) => scanned(streams(source, |stream| test.accepts(&stream.scope_name))),
        Predicate::ScopeVersion(test) => {
            scanned(streams(source, |stream| test.accepts(&stream.scope_version)))
        }
        Predicate::Signal(signal) => scanned(ColumnTest::Signal(*signal)),
        Predicate::Time(range) => scanned(ColumnTest::Time(*range)),
        Predicate::Severity(range) => scanned(ColumnTest::Severity(range.clone())),
        Predicate::Kind(kind) => scanned(ColumnTest::Kind(*kind)),
        Predicate::Status(status) => scanned(ColumnTest::Status(*status)),
        Predicate::Duration(range) => scanned(ColumnTest::Duration(range.clone())),
        Predicate::Root => scanned(ColumnTest::Root),
    }
}

fn streams(source: &dyn Source, accepts: impl Fn(&Stream) -> bool) -> ColumnTest {
    ColumnTest::Streams(source.streams().iter().map(|stream| accepts(stream)).collect())
}

fn attribute(
    source: &dyn Source,
    scope: AttributeScope,
    (key, test): (&str, &Test),
    candidates: &DocSet,
    budget: &Budget,
) -> Result<DocSet> {
    let of_stream = |accepts: &dyn Fn(&Stream) -> bool| {
        if let Test::Equals(text) = test
            && !source.may_have_stream_attribute(key, text)
        {
            return Ok(DocSet::none(candidates.universe()));
        }
        let wanted = source.streams().iter().map(|stream| accepts(stream)).collect::<Vec<_>>();
        if wanted.contains(&true) {
            filter(source.columns(), &ColumnTest::Streams(wanted), candidates, budget)
        } else {
            Ok(DocSet::none(candidates.universe()))
        }
    };
    match scope {
        AttributeScope::Record => source.record_attribute(key, test, candidates, budget),
        AttributeScope::Event => source.part_attribute(Part::Event, key, test, candidates, budget),
        AttributeScope::Link => source.part_attribute(Part::Link, key, test, candidates, budget),
        AttributeScope::Resource => of_stream(&|stream| matching::resource(stream, key, test)),
        AttributeScope::Scope => of_stream(&|stream| matching::scope(stream, key, test)),
        AttributeScope::Any => {
            let found = vec![
                of_stream(&|stream| {
                    matching::resource(stream, key, test) || matching::scope(stream, key, test)
                })?,
                source.record_attribute(key, test, candidates, budget)?,
                source.part_attribute(Part::Event, key, test, candidates, budget)?,
                source.part_attribute(Part::Link, key, test, candidates, budget)?,
            ];
            Ok(DocSet::union(candidates.universe(), found))
        }
    }
}

/// How dear a condition is, roughly: lookups that find few, then lookups that may find many, then scans of
/// columns and terms, then of bodies.
fn cost(predicate: &Predicate) -> u8 {
    const BODIES: u8 = 9;
    let by_test = |test: &Test| -> u8 {
        match test {
            Test::Equals(_) => 1,
            Test::Exists => 3,
            Test::Prefix(_) | Test::Regex(_) | Test::Number(_) | Test::Text { .. } => 5,
        }
    };
    match predicate {
        Predicate::All | Predicate::None | Predicate::Trace(_) | Predicate::Span(_) | Predicate::Link(_) => 0,
        Predicate::Correlation { test, .. } => by_test(test).saturating_sub(1),
        Predicate::Attribute { test, .. } | Predicate::Name(test) | Predicate::EventName(test) => {
            by_test(test)
        }
        Predicate::Phrase(tokens) => 1 + u8::from(tokens.len() > 1) * 2,
        Predicate::Signal(_)
        | Predicate::Time(_)
        | Predicate::ScopeName(_)
        | Predicate::ScopeVersion(_)
        | Predicate::Severity(_)
        | Predicate::Kind(_)
        | Predicate::Status(_)
        | Predicate::Duration(_)
        | Predicate::Root => 2,
        Predicate::TokenPrefix(_) => 4,
        Predicate::Body(_) => BODIES,
        Predicate::Not(part) => cost(part),
        Predicate::And(parts) => {
            let costs = || parts.iter().map(cost);
            // What reads bodies comes last, whatever narrows it: what stands beside it narrows it more.
            costs().find(|cost| *cost == BODIES).or_else(|| costs().min()).unwrap_or(0)
        }
        Predicate::Or(parts) => parts.iter().map(cost).max().unwrap_or(0),
    }
}
