//! The clocks of a flow: one for each service, or for each of its instances where there are several.

use std::collections::HashMap;
use std::sync::Arc;

use spoor_store::model::{Record, Stream};

use super::estimate::{ServiceOffset, SkewPair};
use super::tree::Edge;

/// Resource attribute that tells instances of a service apart.
const INSTANCE: &str = "service.instance.id";

/// Clocks by number: those of root spans first, each kind in the order of time.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    names: Vec<(String, String)>,
    /// Whether the flow has several instances of its service.
    is_one_of_several: Vec<bool>,
    /// A stream is one address for as long as records of it are held.
    by_stream: HashMap<usize, usize>,
}

impl Clocks {
    /// The clocks of records; `is_root` tells of spans by their places.
    pub(super) fn of(spans: &[Record], logs: &[Record], is_root: impl Fn(usize) -> bool) -> Self {
        let mut clocks = Self::default();
        let mut by_name: HashMap<(String, String), usize> = HashMap::new();
        let (roots, others): (Vec<usize>, Vec<usize>) = (0..spans.len()).partition(|span| is_root(*span));
        let in_order = roots.into_iter().chain(others).map(|span| &spans[span]).chain(logs);
        for record in in_order {
            let address = address(record);
            if clocks.by_stream.contains_key(&address) {
                continue;
            }
            let name = (record.stream.service.clone(), instance(&record.stream));
            let next = clocks.names.len();
            let clock = *by_name.entry(name.clone()).or_insert(next);
            if clock == next {
                clocks.names.push(name);
            }
            clocks.by_stream.insert(address, clock);
        }
        let mut instances: HashMap<&str, usize> = HashMap::new();
        for (service, _) in &clocks.names {
            *instances.entry(service).or_default() += 1;
        }
        clocks.is_one_of_several =
            clocks.names.iter().map(|(service, _)| instances[service.as_str()] > 1).collect();
        clocks
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The clock of a record that the clocks were made of; past the last for any other.
    pub(super) fn find(&self, record: &Record) -> usize {
        self.by_stream.get(&address(record)).copied().unwrap_or(usize::MAX)
    }

    fn name(&self, clock: usize) -> (String, Option<String>) {
        let (service, instance) = self.names[clock].clone();
        (service, self.is_one_of_several[clock].then_some(instance))
    }

    pub(super) fn pair(&self, edge: &Edge) -> SkewPair {
        let (from, from_instance) = self.name(edge.from);
        let (to, to_instance) = self.name(edge.to);
        SkewPair {
            from,
            from_instance,
            to,
            to_instance,
            offset_min_ns: edge.agreed.min,
            offset_max_ns: edge.agreed.max,
            offset_ns: edge.offset,
            pairs: edge.agreed.calls,
            agreeing: edge.agreed.agreeing,
        }
    }

    /// The clocks that are off.
    pub(super) fn services(&self, offsets: &[i64]) -> Vec<ServiceOffset> {
        let mut services = Vec::new();
        for (clock, offset_ns) in offsets.iter().copied().enumerate().filter(|(_, offset)| *offset != 0) {
            let (service, instance) = self.name(clock);
            services.push(ServiceOffset { service, instance, offset_ns });
        }
        services
    }
}

fn address(record: &Record) -> usize {
    Arc::as_ptr(&record.stream).addr()
}

fn instance(stream: &Stream) -> String {
    let mut instance = String::new();
    for attribute in stream.resource_attributes().filter(|attribute| attribute.key == INSTANCE) {
        instance = attribute.value.text().map(std::borrow::Cow::into_owned).unwrap_or_default();
    }
    instance
}
