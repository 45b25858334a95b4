//! Records that satisfy a query, as they arrive.

use spoor_store::leaf::Budget;
use spoor_store::model::{Record, RecordId, Tenant};
use spoor_store::predicate::Predicate;
use spoor_store::{Position, Unseen};

use super::streams::{Pace, Place, Wake};
use crate::engine::Engine;
use crate::error::Result;

/// A stream of records, each once, in order of arrival.
pub(crate) struct Tail {
    engine: Engine,
    tenant: Tenant,
    predicate: Predicate,
    position: Position,
    pace: Pace,
    /// Whether what came before the position is not known.
    has_gap: bool,
    _place: Place,
}

/// What a tail has to say.
pub(crate) enum News {
    /// Records that arrived.
    Records(Arrived),
    /// Nothing for a while.
    Silence,
    /// The process stops.
    End,
}

/// Records that arrived since the last look.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) records: Vec<ArrivedRecord>,
    /// Records before these that were left out.
    pub(crate) dropped: Dropped,
}

/// A record that arrived.
pub(crate) struct ArrivedRecord {
    pub(crate) record: Record,
    /// The id that stands for it and all that was given before it, when there is one.
    pub(crate) place: Option<RecordId>,
}

/// How many records a tail left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dropped {
    #[default]
    None,
    Count(u64),
    /// Too much was merged since to tell, or the server restarted.
    Unknown,
}

impl Tail {
    /// Opens a tail: from now on, or from after `last`, the last record that the reader has.
    pub(crate) fn open(
        engine: &Engine,
        tenant: Tenant,
        predicate: Predicate,
        last: Option<RecordId>,
    ) -> Result<Self> {
        let place = engine.streams().open()?;
        // First, so that nothing falls between the position and what is heard of.
        let arrivals = engine.arrivals();
        let snapshot = engine.snapshot(&tenant);
        let resumed = last.map(|record| snapshot.position_after(record));
        let has_gap = matches!(resumed, Some(None));
        let position = resumed.flatten();
        let mut pace = engine.streams().pace(engine.clock().clone(), arrivals);
        if position.is_some() {
            pace.look_at_once();
        }
        Ok(Self {
            engine: engine.clone(),
            tenant,
            predicate,
            position: position.unwrap_or_else(|| snapshot.position()),
            pace,
            has_gap,
            _place: place,
        })
    }

    /// Waits for the next news.
    pub(crate) async fn next(&mut self) -> Result<News> {
        if std::mem::take(&mut self.has_gap) {
            return Ok(News::Records(Arrived { records: Vec::new(), dropped: Dropped::Unknown }));
        }
        loop {
            match self.pace.wake().await {
                Wake::End => return Ok(News::End),
                Wake::Silence => return Ok(News::Silence),
                Wake::Arrival => {}
            }
            let began = self.pace.begin();
            let arrived = self.look().await?;
            self.pace.looked(began);
            if !arrived.records.is_empty() || arrived.dropped != Dropped::None {
                if let Dropped::Count(count) = arrived.dropped {
                    self.engine.metrics().tail_dropped.inc_by(count);
                }
                self.pace.said();
                return Ok(News::Records(arrived));
            }
        }
    }

    async fn look(&mut self) -> Result<Arrived> {
        let snapshot = self.engine.snapshot(&self.tenant);
        let unseen = snapshot.since(&self.position);
        self.position = snapshot.position();
        let Ok(unseen) = unseen else {
            return Ok(Arrived { records: Vec::new(), dropped: Dropped::Unknown });
        };
        if unseen.is_empty() {
            return Ok(Arrived::default());
        }
        let predicate = self.predicate.clone();
        let records_max = self.engine.config().tail_records_max;
        self.engine.run().once(move |budget| select(&unseen, &predicate, records_max, budget)).await
    }
}

/// The newest `records_max` of what is selected.
fn select(
    unseen: &[Unseen],
    predicate: &Predicate,
    records_max: usize,
    budget: &Budget,
) -> spoor_store::Result<Arrived> {
    let mut selected = Vec::with_capacity(unseen.len());
    for one in unseen {
        selected.push((one, one.leaf.select_among(predicate, &one.docs, budget)?));
    }
    let count: usize = selected.iter().map(|(_, docs)| docs.len()).sum();
    let mut skip = count.saturating_sub(records_max);
    let dropped = if skip == 0 { Dropped::None } else { Dropped::Count(skip as u64) };
    let mut records = Vec::with_capacity(count - skip);
    for (one, docs) in selected {
        let ordinals: Vec<u32> = docs.iter().skip(skip).collect();
        skip = skip.saturating_sub(docs.len());
        let fetched = one.leaf.fetch(&ordinals, budget)?;
        let last = fetched.last().map(|record| record.id);
        records.extend(fetched.into_iter().map(|record| {
            let place = match one.moved_place {
                None => Some(record.id),
                // One id stands for all of them: the last one has it.
                Some(end) => (Some(record.id) == last).then_some(end),
            };
            ArrivedRecord { record, place }
        }));
    }
    Ok(Arrived { records, dropped })
}
