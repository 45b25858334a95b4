//! From a request to what each leaf is asked: names become places in records, computations become running sums.

use spoor_store::leaf::{Buckets, Origin};
use spoor_store::model::TimeRange;
use spoor_store::predicate::Predicate;

use super::Interval;
use super::names::{Name, Names};
use super::select::{Function, Selects};
use crate::engine::{Engine, Selection};
use crate::error::{Error, Result};
use crate::language::SyntaxError;
use crate::plan::Resolver;
use crate::search::histogram::layout;

/// Most fields that records are grouped by.
const GROUP_BY_MAX: usize = 4;

/// Buckets when the interval is left to us.
const BUCKETS_AUTO: usize = 60;

/// What the leaves compute.
pub(super) struct Plan {
    pub(super) measured: Measured,
    pub(super) selection: Selection,
    pub(super) buckets: Option<Buckets>,
}

/// What is told apart and measured.
#[derive(Default)]
pub(super) struct Measured {
    /// Fields by which records are told apart or measured, each once.
    pub(super) fields: Vec<FieldOf>,
    /// Places in `fields` of those that records are grouped by.
    pub(super) by: Vec<usize>,
    /// What is measured.
    pub(super) numbers: Vec<Number>,
    /// The queries of ratios.
    pub(super) predicates: Vec<Predicate>,
    /// The running sums of each cell.
    pub(super) parts: Vec<PartOf>,
    /// For each select, the place of its running sum in `parts`; none for those that the count alone decides.
    pub(super) part_of: Vec<Option<usize>>,
}

/// A field by name.
pub(super) struct FieldOf {
    pub(super) name: String,
    pub(super) origins: Vec<Origin>,
}

/// A measured quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Nanoseconds that spans took.
    Duration,
    /// A field, by its place in [`Measured::fields`].
    Field(usize),
}

/// A running sum, and what it is of by its place in `predicates`, `numbers` or `fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartOf {
    Matches(usize),
    Moments(usize),
    Sketch(usize),
    Distinct(usize),
}

impl Engine {
    /// Resolves what a report selects and groups by.
    pub(super) fn measures(&self, selects: &Selects, group_by: &Names) -> Result<Measured> {
        let mut measured = Measured::default();
        if let Some(one_more) = group_by.names.get(GROUP_BY_MAX) {
            let message = format!("records are grouped by at most {GROUP_BY_MAX} fields");
            return Err(SyntaxError::new(&group_by.text, one_more.at, message, &["fewer fields"]).into());
        }
        for name in &group_by.names {
            let place = self.told_apart(&mut measured, &group_by.text, name)?;
            measured.by.push(place);
        }
        for select in &selects.items {
            let of = &select.of;
            let part = match select.function {
                Function::Count | Function::Rate => None,
                Function::Ratio => {
                    let predicate = self.ratio(&selects.text, of)?;
                    measured.predicates.push(predicate);
                    Some(PartOf::Matches(measured.predicates.len() - 1))
                }
                Function::Quantile(_) => {
                    Some(PartOf::Sketch(self.number(&mut measured, &selects.text, of)?))
                }
                Function::Sum | Function::Avg | Function::Min | Function::Max => {
                    Some(PartOf::Moments(self.number(&mut measured, &selects.text, of)?))
                }
                Function::Distinct => {
                    Some(PartOf::Distinct(self.told_apart(&mut measured, &selects.text, of)?))
                }
            };
            let place = part.map(|part| place_of(&mut measured.parts, |known| *known == part, || part));
            measured.part_of.push(place);
        }
        Ok(measured)
    }

    fn resolver<'a>(&'a self, text: &'a str) -> Resolver<'a> {
        Resolver { text, keys: self.keys(), owners: self.owners() }
    }

    /// The query of a ratio; a fault in it is told by its place in the whole list.
    fn ratio(&self, text: &str, of: &Name) -> Result<Predicate> {
        let shifted = |mut fault: SyntaxError| {
            fault.position += text.get(..of.at).unwrap_or_default().chars().count();
            fault
        };
        Ok(self.resolver(&of.name).query().map_err(shifted)?)
    }

    /// The place of a field by whose values records are told apart.
    fn told_apart(&self, measured: &mut Measured, text: &str, of: &Name) -> Result<usize> {
        let found = self.resolver(text).origins(&of.name);
        let origins =
            found.map_err(|refusal| SyntaxError::new(text, of.at, refusal, &["a field with groups"]))?;
        Ok(field_of(measured, &of.name, origins))
    }

    /// The place of a measured quantity.
    fn number(&self, measured: &mut Measured, text: &str, of: &Name) -> Result<usize> {
        let number = if of.name == "duration" {
            Number::Duration
        } else {
            let found = self.resolver(text).number(&of.name);
            let expected = &["duration", "an attribute with numbers"];
            let origins = found.map_err(|refusal| SyntaxError::new(text, of.at, refusal, expected))?;
            Number::Field(field_of(measured, &of.name, origins))
        };
        Ok(place_of(&mut measured.numbers, |known| *known == number, || number))
    }
}

fn field_of(measured: &mut Measured, name: &str, origins: Vec<Origin>) -> usize {
    let same = |known: &FieldOf| known.name == name;
    place_of(&mut measured.fields, same, || FieldOf { name: name.to_owned(), origins })
}

fn place_of<T>(list: &mut Vec<T>, same: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> usize {
    list.iter().position(same).unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    })
}

/// The buckets over `range`, on multiples of their width.
pub(super) fn buckets(
    range: TimeRange,
    interval: Option<Interval>,
    buckets_max: usize,
) -> Result<Option<Buckets>> {
    let width = match interval {
        None => return Ok(None),
        Some(Interval::Auto) => return Ok(Some(layout(range, BUCKETS_AUTO.min(buckets_max)))),
        Some(Interval::Nanos(width)) => width.max(1),
    };
    let count = range.end / width - range.start / width + 1;
    if count > buckets_max as u64 {
        let reason =
            format!("makes {count} buckets; {buckets_max} is the most: widen it or narrow the time range");
        return Err(Error::parameter("interval", reason));
    }
    Ok(Some(Buckets { start: range.start / width * width, width, count: count as usize }))
}
