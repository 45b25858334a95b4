//! The records around one: of the same flow, the same instance, or the same service, in time order.

use spoor_store::Snapshot;
use spoor_store::leaf::{Budget, Leaf, Place};
use spoor_store::model::{KeyValueRef, Record, RecordId, SplitId, Tenant, TimeRange, UnixNanos};
use spoor_store::predicate::{AttributeScope, Predicate, Test};

use super::page::fetch;
use crate::engine::{Engine, Stats};
use crate::error::{Error, Result};
use crate::execute::cursor::{Bookmark, Cursor};
use crate::plan::prune::{prune, within};
use crate::plan::resolve::attribute;

/// Resource attributes that tell instances of a service apart; the first one set wins.
const INSTANCE_ATTRIBUTES: [&str; 4] = ["service.instance.id", "k8s.pod.name", "container.id", "host.name"];

/// Which records belong to the context of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Those of its trace, and those that share a correlation id with it.
    Flow,
    /// Those of its service instance.
    Instance,
    /// Those of its service.
    Service,
}

/// Which context.
#[derive(Debug, Clone)]
pub struct ContextRequest {
    /// Whose.
    pub tenant: Tenant,
    /// The record in the middle, as an answer named it.
    pub record: RecordId,
    /// Its time, to find it by when its id tells no place any more.
    pub time: Option<UnixNanos>,
    /// Its service, to tell it from others of the same time.
    pub service: Option<String>,
    /// Which records; `None` is the flow of a record that has one, else its instance.
    pub within: Option<Within>,
    /// Most records before it.
    pub before: usize,
    /// Most records after it.
    pub after: usize,
}

/// The records around one.
#[derive(Debug)]
pub struct ContextAnswer {
    /// The record in the middle.
    pub record: Record,
    /// Which records these are.
    pub within: Within,
    /// Records before it, the first one first.
    pub before: Vec<Record>,
    /// Records after it, the first one first.
    pub after: Vec<Record>,
    /// What the answer cost.
    pub stats: Stats,
}

impl Within {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Flow, Self::Instance, Self::Service];

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Instance => "instance",
            Self::Service => "service",
        }
    }
}

impl Engine {
    /// The records around one, nearest first chosen.
    ///
    /// # Errors
    /// [`Error::RecordGone`] when the record is not found, a parameter error when it has no flow and one was asked
    /// for, and what any query can meet.
    pub async fn context(&self, request: &ContextRequest) -> Result<ContextAnswer> {
        let turn = self.turn(&request.tenant).await?;
        let snapshot = self.snapshot(&request.tenant);
        let gone = || Error::RecordGone { record: request.record.to_string() };
        let found = match (snapshot.find(request.record), request.time) {
            (Some(place), _) => Some(place),
            (None, Some(time)) => {
                let (wanted, leaves) =
                    (of_time(time, request.service.as_deref()), snapshot.leaves().to_vec());
                turn.run.once(move |budget| first(&leaves, &wanted, budget)).await?
            }
            (None, None) => None,
        };
        let (leaf, ordinal) = found.ok_or_else(gone)?;
        let middle = turn.run.once(move |budget| leaf.fetch(&[ordinal], budget)).await?;
        let record = middle.into_iter().next().ok_or_else(gone)?;
        let (kind, predicate) = belonging(&record, request.within)?;
        let around = Around::new(&snapshot, &record, predicate);
        let earlier = around.clone();
        let (limit, leaves) = (request.before, around.leaves(&snapshot, true));
        let before =
            turn.run.each(leaves, turn.run.lanes(), move |leaf, budget| earlier.before(leaf, limit, budget));
        let before = nearest(before.await?, limit, true);
        let later = around.clone();
        let (limit, leaves) = (request.after, around.leaves(&snapshot, false));
        let after =
            turn.run.each(leaves, turn.run.lanes(), move |leaf, budget| later.after(leaf, limit, budget));
        let after = nearest(after.await?, limit, false);
        let before = fetch(&turn.run, snapshot.leaves(), &before).await?;
        let after = fetch(&turn.run, snapshot.leaves(), &after).await?;
        let stats = turn.end(snapshot.leaves().len(), 0);
        Ok(ContextAnswer { record, within: kind, before, after, stats })
    }
}

/// Records of one nanosecond, of one service when given.
fn of_time(time: UnixNanos, service: Option<&str>) -> Predicate {
    let mut all = vec![Predicate::Time(TimeRange { start: time, end: time })];
    let named =
        |name: &str| attribute(AttributeScope::Resource, "service.name", Test::Equals(name.to_owned()));
    all.extend(service.map(named));
    Predicate::And(all)
}

fn first(leaves: &[Leaf], wanted: &Predicate, budget: &Budget) -> spoor_store::Result<Option<(Leaf, u32)>> {
    for leaf in leaves {
        if let Some(ordinal) = leaf.select(wanted, budget)?.iter().next() {
            return Ok(Some((leaf.clone(), ordinal)));
        }
    }
    Ok(None)
}

/// Which records belong to the context.
fn belonging(record: &Record, within: Option<Within>) -> Result<(Within, Predicate)> {
    let mut flow: Vec<Predicate> = record.trace_id.map(Predicate::Trace).into_iter().collect();
    flow.extend(
        record.correlations.iter().map(|(key, id)| Predicate::Correlation {
            key: Some(key.clone()),
            test: Test::Equals(id.clone()),
        }),
    );
    let default = if flow.is_empty() { Within::Instance } else { Within::Flow };
    let within = within.unwrap_or(default);
    let resource =
        |key: &str, text: &str| attribute(AttributeScope::Resource, key, Test::Equals(text.to_owned()));
    let service = resource("service.name", &record.stream.service);
    let predicate = match within {
        Within::Flow if flow.is_empty() => {
            let reason = "the record has no trace and no correlation id; write `instance` or `service`";
            return Err(Error::parameter("within", reason));
        }
        Within::Flow => Predicate::Or(flow),
        Within::Service => service,
        Within::Instance => {
            let set = |key: &&str| {
                let mut attributes = record.stream.resource_attributes();
                attributes.find(|item: &KeyValueRef<'_>| item.key == *key).and_then(|item| item.value.text())
            };
            let instance = INSTANCE_ATTRIBUTES.iter().find_map(|key| Some(resource(key, &set(key)?)));
            Predicate::And([service].into_iter().chain(instance).collect())
        }
    };
    Ok((within, predicate))
}

/// The search around one record.
#[derive(Clone)]
struct Around {
    middle: Cursor,
    newest: SplitId,
    predicate: Predicate,
}

impl Around {
    fn new(snapshot: &Snapshot, record: &Record, predicate: Predicate) -> Self {
        let middle = Cursor { time: record.time, split: record.id.split, ordinal: record.id.ordinal };
        let newest = snapshot.leaves().iter().map(Leaf::id).max().unwrap_or(middle.split);
        Self { middle, newest, predicate }
    }

    fn range(&self, is_before: bool) -> TimeRange {
        let time = self.middle.time;
        if is_before {
            TimeRange { start: TimeRange::ALL.start, end: time }
        } else {
            TimeRange { start: time, end: TimeRange::ALL.end }
        }
    }

    fn leaves(&self, snapshot: &Snapshot, is_before: bool) -> Vec<Leaf> {
        prune(snapshot, self.range(is_before)).leaves
    }

    fn before(&self, leaf: &Leaf, limit: usize, budget: &Budget) -> spoor_store::Result<Vec<Cursor>> {
        let docs = leaf.select(&within(leaf, &self.predicate, self.range(true)), budget)?;
        let bound = Bookmark { last: self.middle, newest: self.newest }.before_in(leaf.id());
        let places = leaf.newest(&docs, bound, limit)?;
        Ok(places.into_iter().map(|place| Cursor::new(leaf.id(), place)).collect())
    }

    fn after(&self, leaf: &Leaf, limit: usize, budget: &Budget) -> spoor_store::Result<Vec<Cursor>> {
        let docs = leaf.select(&within(leaf, &self.predicate, self.range(false)), budget)?;
        let Cursor { time, split, ordinal } = self.middle;
        let last_of = |time: u64| Place { time, ordinal: u32::MAX };
        // As in `Bookmark::before_in`: of one time, records of earlier splits come first.
        let bound = match leaf.id().cmp(&split) {
            std::cmp::Ordering::Equal => Some(Place { time, ordinal }),
            std::cmp::Ordering::Less => Some(last_of(time)),
            std::cmp::Ordering::Greater => time.checked_sub(1).map(last_of),
        };
        let places = leaf.oldest(&docs, bound, limit)?;
        Ok(places.into_iter().map(|place| Cursor::new(leaf.id(), place)).collect())
    }
}

/// The `limit` that are nearest to the middle, in time order.
fn nearest(leaves: Vec<Vec<Cursor>>, limit: usize, is_before: bool) -> Vec<Cursor> {
    let mut all: Vec<Cursor> = leaves.into_iter().flatten().collect();
    all.sort_unstable();
    if is_before {
        all.split_off(all.len().saturating_sub(limit))
    } else {
        all.truncate(limit);
        all
    }
}
