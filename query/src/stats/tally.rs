//! One leaf's groups: each selected record finds its cell and adds to the running sums there.

use std::collections::HashMap;

use spoor_store::leaf::{Budget, DocSet, FieldValues, Held, Leaf, Timing};
use xxhash_rust::xxh3::xxh3_64;

use super::cell::{Cell, Part};
use super::plan::{Number, PartOf, Plan};
use super::total::{Cells, Values, too_many_groups};
use crate::plan::prune::within;

/// Value numbers of the fields that records are grouped by; 0 past the last.
type Key = [u32; 4];

/// Groups of one leaf.
pub(super) struct Tally {
    /// Values of the fields grouped by, and the cells by bucket.
    pub(super) groups: Vec<(Values, Cells)>,
    /// For each of the plan's numbers, records whose value is none.
    pub(super) ignored: Vec<u64>,
    /// What it takes until it is added to the others.
    pub(super) _held: Held,
}

/// What a leaf says of its records.
struct Facts {
    docs: DocSet,
    /// Beside the plan's fields.
    fields: Vec<FieldValues>,
    /// For each field that is measured, the number that each value is; not a number for those that are none.
    numbers: Vec<Vec<f64>>,
    /// For each field whose distinct values are counted, the hash of each value.
    hashes: Vec<Vec<u64>>,
    /// Beside the plan's predicates.
    matches: Vec<DocSet>,
}

/// Groups on their way.
struct Groups {
    cells: Vec<Cells>,
    keys: Vec<Key>,
    known: HashMap<Key, u32, foldhash::fast::RandomState>,
    /// With one field, the group of each value, plus one.
    direct: Vec<u32>,
    last: Option<(Key, u32)>,
}

/// Tells and measures the selected records of one leaf.
pub(super) fn tally(
    plan: &Plan,
    leaf: &Leaf,
    groups_max: usize,
    budget: &Budget,
) -> spoor_store::Result<Tally> {
    let mut held = Held::new(budget);
    let facts = Facts::read(plan, leaf, budget, &mut held)?;
    let measured = &plan.measured;
    let buckets = plan.buckets.map_or(1, |buckets| buckets.count);
    let cell_bytes = Cell::bytes(&measured.parts);
    let mut groups = Groups::new(measured.by.first().map(|field| facts.fields[*field].texts().len()));
    let mut ignored = vec![0; measured.numbers.len()];
    let mut numbers = vec![None; measured.numbers.len()];
    leaf.timings(&facts.docs, budget, &mut |timings| {
        let mut grown = 0;
        for timing in timings {
            let bucket = match plan.buckets {
                None => 0,
                Some(buckets) => (timing.time.saturating_sub(buckets.start) / buckets.width) as usize,
            };
            let mut key = Key::default();
            for (place, field) in key.iter_mut().zip(&measured.by) {
                *place = facts.fields[*field].number(timing.ordinal);
            }
            let group = groups.of(key, measured.by.len());
            if groups.cells.len() > groups_max {
                return Err(too_many_groups(groups_max));
            }
            let cells = &mut groups.cells[group];
            if cells.is_empty() {
                cells.resize_with(buckets, || None);
                grown += buckets * size_of::<Option<Cell>>();
            }
            let Some(place) = cells.get_mut(bucket) else { continue };
            let cell = place.get_or_insert_with(|| {
                grown += cell_bytes;
                Cell::new(&measured.parts)
            });
            cell.count += 1;
            facts.measure(plan, timing, &mut numbers, &mut ignored);
            grown += facts.add(plan, timing, &numbers, cell);
        }
        if grown > 0 {
            held.add(grown)?;
        }
        Ok(())
    })?;
    let named = groups.keys.iter().zip(groups.cells).map(|(key, cells)| {
        let text = |(number, field): (&u32, &usize)| {
            let number = number.checked_sub(1)?;
            facts.fields[*field].texts().get(number as usize).cloned()
        };
        (key.iter().zip(&measured.by).map(text).collect(), cells)
    });
    Ok(Tally { groups: named.collect(), ignored, _held: held })
}

impl Facts {
    fn read(plan: &Plan, leaf: &Leaf, budget: &Budget, held: &mut Held) -> spoor_store::Result<Self> {
        let measured = &plan.measured;
        let selected = within(leaf, &plan.selection.predicate, plan.selection.range);
        let docs = leaf.select(&selected, budget)?;
        let mut facts = Self { docs, fields: vec![], numbers: vec![], hashes: vec![], matches: vec![] };
        for predicate in &measured.predicates {
            facts.matches.push(leaf.select_among(predicate, &facts.docs, budget)?);
        }
        for (place, field) in measured.fields.iter().enumerate() {
            let values = leaf.field(&facts.docs, &field.origins, budget)?;
            let texts = values.texts();
            let is_number = measured.numbers.contains(&Number::Field(place));
            let numbers: Vec<f64> =
                if is_number { texts.iter().map(|text| number(text)).collect() } else { vec![] };
            let is_counted = measured.parts.contains(&PartOf::Distinct(place));
            let hashes: Vec<u64> =
                if is_counted { texts.iter().map(|text| xxh3_64(text.as_bytes())).collect() } else { vec![] };
            held.add((numbers.len() + hashes.len()) * 8)?;
            facts.fields.push(values);
            facts.numbers.push(numbers);
            facts.hashes.push(hashes);
        }
        Ok(facts)
    }

    /// Reads a record's numbers, and counts those that are none.
    #[inline]
    fn measure(&self, plan: &Plan, timing: &Timing, numbers: &mut [Option<f64>], ignored: &mut [u64]) {
        for ((number, ignored), of) in numbers.iter_mut().zip(ignored).zip(&plan.measured.numbers) {
            *number = match of {
                Number::Duration => timing.duration.map(|nanos| nanos as f64),
                Number::Field(field) => {
                    let value = self.fields[*field].number(timing.ordinal) as usize;
                    let number = value.checked_sub(1).map(|value| self.numbers[*field][value]);
                    *ignored += u64::from(number.is_some_and(f64::is_nan));
                    number.filter(|number| !number.is_nan())
                }
            };
        }
    }

    /// Adds a record to its cell; how many bytes that takes.
    #[inline]
    fn add(&self, plan: &Plan, timing: &Timing, numbers: &[Option<f64>], cell: &mut Cell) -> usize {
        let mut grown = 0;
        for (part, of) in cell.parts.iter_mut().zip(&plan.measured.parts) {
            match (part, of) {
                (Part::Matches(count), PartOf::Matches(predicate)) => {
                    *count += u64::from(self.matches[*predicate].contains(timing.ordinal));
                }
                (Part::Moments(moments), PartOf::Moments(number)) => {
                    if let Some(number) = numbers[*number] {
                        moments.add(number);
                    }
                }
                (Part::Sketch(sketch), PartOf::Sketch(number)) => {
                    if let Some(number) = numbers[*number] {
                        sketch.add(number);
                    }
                }
                (Part::Distinct(distinct), PartOf::Distinct(field)) => {
                    let value = self.fields[*field].number(timing.ordinal) as usize;
                    if let Some(value) = value.checked_sub(1) {
                        grown += distinct.add(self.hashes[*field][value]);
                    }
                }
                // A cell has the plan's parts.
                _ => {}
            }
        }
        grown
    }
}

/// The number that a value is, of any type it came in; not a number when it is none.
fn number(text: &str) -> f64 {
    text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(f64::NAN)
}

impl Groups {
    /// `values` is how many values the first field has.
    fn new(values: Option<usize>) -> Self {
        let direct = vec![0; values.map_or(1, |values| values + 1)];
        Self { cells: vec![], keys: vec![], known: HashMap::default(), direct, last: None }
    }

    /// The place of the group with this key.
    #[inline]
    fn of(&mut self, key: Key, fields: usize) -> usize {
        if fields <= 1 {
            let group = self.direct[key[0] as usize];
            if group > 0 {
                return group as usize - 1;
            }
            self.direct[key[0] as usize] = self.keys.len() as u32 + 1;
            return self.add(key);
        }
        match self.last {
            Some((last, group)) if last == key => return group as usize,
            _ => {}
        }
        let group = match self.known.get(&key) {
            Some(group) => *group as usize,
            None => {
                self.known.insert(key, self.keys.len() as u32);
                self.add(key)
            }
        };
        self.last = Some((key, group as u32));
        group
    }

    fn add(&mut self, key: Key) -> usize {
        self.keys.push(key);
        self.cells.push(Vec::new());
        self.keys.len() - 1
    }
}
