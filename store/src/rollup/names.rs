//! Numbers for what is counted: services, calls, edges. Past a bound, what is new shares a series of its own name.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::tally::{EdgeKind, OVERFLOW};
use crate::hot::chunk::NONE;
use crate::model::SpanKind;

/// Series of calls that keep their span's name; further ones share one series for each service and kind.
pub(crate) const CALLS_MAX: usize = 2_000;

/// Series of calls that keep their service; further ones share one series for each kind.
const CALLS_BY_SERVICE_MAX: usize = 2 * CALLS_MAX;

/// Edges that keep their services; further ones share one for each kind.
pub(crate) const EDGES_MAX: usize = 2_000;

/// Names of services.
#[derive(Debug, Default)]
pub(crate) struct Services {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32, FixedState>,
}

/// What makes spans one series. The name is a number of the rows' dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) service: u32,
    pub(crate) name: u32,
    pub(crate) kind: SpanKind,
    pub(crate) is_root: bool,
}

/// What makes pairs of spans one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: EdgeKind,
}

/// Series by what makes them.
#[derive(Debug)]
pub(crate) struct Series<K> {
    keys: Vec<K>,
    numbers: HashMap<K, u32, FixedState>,
}

impl Services {
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let (number, name) = (self.names.len() as u32, Arc::<str>::from(name));
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// The number of a name that may be the overflow's.
    pub(crate) fn number_or_overflow(&mut self, name: &str) -> u32 {
        if name == OVERFLOW { NONE } else { self.number(name) }
    }

    /// The name numbered so; [`NONE`] is the overflow.
    pub(crate) fn name(&self, number: u32) -> Arc<str> {
        self.names.get(number as usize).map_or_else(|| OVERFLOW.into(), Arc::clone)
    }
}

impl<K> Default for Series<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), numbers: HashMap::default() }
    }
}

impl<K: Copy + Eq + std::hash::Hash> Series<K> {
    /// Every series, by number.
    pub(crate) fn keys(&self) -> &[K] {
        &self.keys
    }

    fn find(&self, key: &K) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    fn insert(&mut self, key: K) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            self.keys.push(key);
            (self.keys.len() - 1) as u32
        })
    }
}

impl Series<Call> {
    /// The series of a span.
    #[inline]
    pub(crate) fn of(&mut self, call: Call) -> u32 {
        match self.find(&call) {
            Some(number) => number,
            None => self.new_call(call),
        }
    }

    fn new_call(&mut self, call: Call) -> u32 {
        if self.keys.len() < CALLS_MAX {
            return self.insert(call);
        }
        let of_service = Call { name: NONE, ..call };
        if self.keys.len() < CALLS_BY_SERVICE_MAX || self.find(&of_service).is_some() {
            return self.insert(of_service);
        }
        self.insert(Call { service: NONE, ..of_service })
    }
}

impl Series<Edge> {
    /// The series of a pair.
    pub(crate) fn of(&mut self, edge: Edge) -> u32 {
        match self.find(&edge) {
            Some(number) => number,
            None if self.keys.len() < EDGES_MAX => self.insert(edge),
            None => self.insert(Edge { from: NONE, to: NONE, ..edge }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_bound_names_are_shared_first_and_services_then() {
        let mut series = Series::<Call>::default();
        let call = |service, name| Call { service, name, kind: SpanKind::Server, is_root: false };
        for name in 0..CALLS_MAX as u32 {
            assert_eq!(series.of(call(0, name)), name);
        }
        let shared = series.of(call(0, 1_000_000));
        assert_eq!(series.of(call(0, 1_000_001)), shared);
        assert_eq!(series.keys()[shared as usize], call(0, NONE));
        for service in 1..CALLS_MAX as u32 + 10 {
            series.of(call(service, 5));
        }
        assert_eq!(series.keys().last(), Some(&call(NONE, NONE)));
        assert_eq!(series.keys().len(), CALLS_BY_SERVICE_MAX + 1);
        assert_eq!(series.of(call(0, 7)), 7);
        assert_eq!(series.of(call(0, 1_000_002)), shared);
    }

    #[test]
    fn past_the_bound_edges_are_shared_by_kind() {
        let mut series = Series::<Edge>::default();
        for to in 0..EDGES_MAX as u32 + 5 {
            series.of(Edge { from: 0, to, kind: EdgeKind::Call });
        }
        assert_eq!(series.keys().len(), EDGES_MAX + 1);
        assert_eq!(series.of(Edge { from: 9, to: 9, kind: EdgeKind::Queue }), EDGES_MAX as u32 + 1);
    }
}
