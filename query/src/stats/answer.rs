//! A report's answer: groups in order, their values, and how they look in JSON.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use spoor_store::Error;
use spoor_store::leaf::{Buckets, Budget};
use spoor_store::model::{TimeRange, UnixNanos};
use utoipa::ToSchema;

use super::StatsRequest;
use super::cell::{Cell, Part};
use super::plan::{Measured, Number, Plan};
use super::select::{Function, Select};
use super::total::{Cells, Sums, Values};
use crate::engine::Stats;
use crate::json;

/// Most values in all series of one answer.
const POINTS_MAX: usize = 1_000_000;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatsAnswer {
    /// Start of the range that was looked at.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// End of it, included.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: UnixNanos,
    /// Width of a bucket in nanoseconds; `None` without series.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub interval_ns: Option<u64>,
    /// The groups in order.
    pub groups: Vec<Group>,
    /// How many there are.
    pub groups_total: usize,
    /// How many of them are left out.
    pub truncated: usize,
    /// By measured field, records whose value is no number and so was left out.
    pub ignored: BTreeMap<String, u64>,
    /// Computations of which some value is an estimate.
    pub approximate: Vec<String>,
    /// What the answer cost.
    pub stats: Stats,
}

/// Records with the same values.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// The values by field; `None` where the records have none.
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub by: Entries<Option<String>>,
    /// What was computed.
    #[schema(value_type = BTreeMap<String, Option<f64>>)]
    pub values: Entries<Value>,
    /// The same by bucket, empty ones too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Vec<Point>>,
}

/// One bucket of a series.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// Its first nanosecond.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// What was computed.
    #[schema(value_type = BTreeMap<String, Option<f64>>)]
    pub values: Entries<Value>,
}

/// Names with what they name, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<T>(pub Vec<(String, T)>);

/// One computed value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// There was nothing to compute it of.
    Nothing,
    /// A count.
    Count(u64),
    /// Any other number.
    Number(f64),
}

/// What of a report is shown.
pub(super) struct Shown {
    pub(super) request: StatsRequest,
    pub(super) range: TimeRange,
    pub(super) buckets: Option<Buckets>,
}

impl<T> Entries<T> {
    /// What `name` names.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Value {
    fn as_f64(self) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Count(count) => Some(count as f64),
            Self::Number(number) => Some(number),
        }
    }
}

impl Serialize for Value {
    /// Whole numbers without a fraction, where JSON readers keep them exact.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
        match *self {
            Self::Nothing => serializer.serialize_none(),
            Self::Count(count) => serializer.serialize_u64(count),
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT_MAX => {
                serializer.serialize_i64(number as i64)
            }
            Self::Number(number) => serializer.serialize_f64(number),
        }
    }
}

/// Groups in order, cut to what was asked for.
pub(super) fn report(
    plan: &Plan,
    sums: Sums,
    shown: &Shown,
    budget: &Budget,
) -> spoor_store::Result<StatsAnswer> {
    let measured = &plan.measured;
    let mut groups: Vec<Counted> = Vec::with_capacity(sums.groups.len());
    for (key, cells) in sums.groups {
        groups.push(Counted::new(key, cells, measured, shown));
    }
    if measured.by.is_empty() && groups.is_empty() {
        groups.push(Counted::new(Vec::new(), Vec::new(), measured, shown));
    }
    let groups_total = groups.len();
    groups.sort_by(|left, right| left.compare(right, shown));
    groups.truncate(shown.request.limit);
    check_size(groups.len(), shown)?;
    budget.check()?;
    let selects = &shown.request.select.items;
    let is_approximate = |place: &usize| {
        let is = |values: &[Computed]| values.get(*place).is_some_and(|value| value.is_estimate);
        groups.iter().any(|group| is(&group.values) || group.series.iter().flatten().any(|point| is(point)))
    };
    let approximate =
        (0..selects.len()).filter(is_approximate).map(|place| selects[place].name.clone()).collect();
    let mut ignored = BTreeMap::new();
    for (number, count) in measured.numbers.iter().zip(&sums.ignored) {
        if let Number::Field(field) = number
            && *count > 0
        {
            ignored.insert(measured.fields[*field].name.clone(), *count);
        }
    }
    Ok(StatsAnswer {
        start: shown.range.start,
        end: shown.range.end,
        interval_ns: shown.buckets.map(|buckets| buckets.width),
        truncated: groups_total - groups.len(),
        groups: groups.into_iter().map(|group| group.named(measured, shown)).collect(),
        groups_total,
        ignored,
        approximate,
        stats: Stats::default(),
    })
}

fn check_size(groups: usize, shown: &Shown) -> spoor_store::Result<()> {
    let buckets = shown.buckets.map_or(1, |buckets| buckets.count + 1);
    let points = groups.saturating_mul(buckets).saturating_mul(shown.request.select.items.len());
    if points <= POINTS_MAX {
        return Ok(());
    }
    let reason = format!(
        "the answer has {points} values, {POINTS_MAX} is the most; ask for fewer groups with `limit`, or for a wider `interval`"
    );
    Err(Error::TooCostly { reason })
}

/// A value, and whether it is an estimate beyond the accuracy that is documented for all.
#[derive(Clone, Copy)]
struct Computed {
    value: Value,
    is_estimate: bool,
}

struct Counted {
    key: Values,
    values: Vec<Computed>,
    series: Option<Vec<Vec<Computed>>>,
}

impl Counted {
    fn new(key: Values, cells: Cells, measured: &Measured, shown: &Shown) -> Self {
        let selects = &shown.request.select.items;
        let values_of = |cell: Option<&Cell>, range: TimeRange| -> Vec<Computed> {
            let seconds = (range.end.saturating_sub(range.start).saturating_add(1)) as f64 / 1e9;
            let parts = measured.part_of.iter();
            selects.iter().zip(parts).map(|(select, part)| compute(select, cell, *part, seconds)).collect()
        };
        let series = shown.buckets.map(|buckets| {
            let cell_of = |bucket: usize| cells.get(bucket).and_then(Option::as_ref);
            (0..buckets.count)
                .map(|bucket| values_of(cell_of(bucket), part_of_bucket(buckets, bucket, shown.range)))
                .collect()
        });
        let mut total: Option<Cell> = None;
        for cell in cells.into_iter().flatten() {
            match &mut total {
                None => total = Some(cell),
                Some(total) => drop(total.merge(cell)),
            }
        }
        Self { key, values: values_of(total.as_ref(), shown.range), series }
    }

    /// By the value that orders, those with none last; then by what the group is of.
    fn compare(&self, other: &Self, shown: &Shown) -> Ordering {
        let value =
            |group: &Self| group.values.get(shown.request.order).and_then(|value| value.value.as_f64());
        let by_value = match (value(self), value(other)) {
            (Some(mine), Some(theirs)) if shown.request.ascending => mine.total_cmp(&theirs),
            (Some(mine), Some(theirs)) => theirs.total_cmp(&mine),
            (mine, theirs) => theirs.is_some().cmp(&mine.is_some()),
        };
        by_value.then_with(|| self.key.cmp(&other.key))
    }

    fn named(self, measured: &Measured, shown: &Shown) -> Group {
        let names = measured.by.iter().map(|field| measured.fields[*field].name.clone());
        let selects = &shown.request.select.items;
        let entries = |values: Vec<Computed>| {
            let values = values.into_iter().map(|computed| computed.value);
            Entries(selects.iter().map(|select| select.name.clone()).zip(values).collect())
        };
        let series = self.series.zip(shown.buckets).map(|(series, buckets)| {
            let starts = (0..).map(|bucket: u64| buckets.start + bucket * buckets.width);
            starts.zip(series).map(|(start, values)| Point { start, values: entries(values) }).collect()
        });
        Group { by: Entries(names.zip(self.key).collect()), values: entries(self.values), series }
    }
}

/// The part of a bucket that lies in the range: a rate counts no time that was not looked at.
fn part_of_bucket(buckets: Buckets, bucket: usize, range: TimeRange) -> TimeRange {
    let start = buckets.start.saturating_add((bucket as u64).saturating_mul(buckets.width));
    let end = start.saturating_add(buckets.width - 1);
    TimeRange { start: start.max(range.start), end: end.min(range.end) }
}

fn compute(select: &Select, cell: Option<&Cell>, part: Option<usize>, seconds: f64) -> Computed {
    let exactly = |value: Value| Computed { value, is_estimate: false };
    let count = cell.map_or(0, |cell| cell.count);
    let part = cell.zip(part).and_then(|(cell, part)| cell.parts.get(part));
    let of = |value: f64, count: u64| exactly(if count == 0 { Value::Nothing } else { Value::Number(value) });
    match (select.function, part) {
        (Function::Count, _) => exactly(Value::Count(count)),
        (Function::Rate, _) => exactly(Value::Number(count as f64 / seconds)),
        (Function::Ratio, Some(Part::Matches(matches))) => of(*matches as f64 / count as f64, count),
        (Function::Quantile(quantile), Some(Part::Sketch(sketch))) => {
            let found = sketch.quantile(quantile).ok().flatten();
            exactly(found.map_or(Value::Nothing, Value::Number))
        }
        (Function::Sum, Some(Part::Moments(moments))) => exactly(Value::Number(moments.sum)),
        (Function::Avg, Some(Part::Moments(moments))) => {
            of(moments.sum / moments.count as f64, moments.count)
        }
        (Function::Min, Some(Part::Moments(moments))) => of(moments.min, moments.count),
        (Function::Max, Some(Part::Moments(moments))) => of(moments.max, moments.count),
        (Function::Distinct, Some(Part::Distinct(distinct))) => {
            Computed { value: Value::Count(distinct.count()), is_estimate: distinct.is_estimate() }
        }
        (Function::Sum, _) => exactly(Value::Number(0.0)),
        (Function::Distinct, _) => exactly(Value::Count(0)),
        _ => exactly(Value::Nothing),
    }
}
