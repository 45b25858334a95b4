//! Services that sent spans, and the names and kinds of their spans.

use std::collections::{BTreeMap, BTreeSet};

use spoor_store::leaf::{Budget, Facet, Leaf};
use spoor_store::model::{Signal, SpanKind, Stream, Tenant, TimeRange, UNKNOWN_SERVICE};
use spoor_store::predicate::{AttributeScope, Predicate, Test};

use crate::engine::Engine;
use crate::error::Result;
use crate::plan::prune::prune;

/// What Jaeger calls a service whose resource has no attributes at all.
pub(crate) const NO_SERVICE_NAME: &str = "OTLPResourceNoServiceName";

/// The name that the service is stored under which Jaeger's clients know as `service`.
pub(crate) fn stored_name(service: &str) -> &str {
    if service == NO_SERVICE_NAME { UNKNOWN_SERVICE } else { service }
}

/// A name of spans and their kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
}

/// The name under which Jaeger's clients know the service of `stream`.
pub(crate) fn service_name(stream: &Stream) -> &str {
    if stream.resource_attributes().next().is_none() { NO_SERVICE_NAME } else { &stream.service }
}

impl Engine {
    /// Services with spans, by name.
    pub(crate) async fn jaeger_services(&self, tenant: &Tenant) -> Result<Vec<String>> {
        let turn = self.turn(tenant).await?;
        let leaves = prune(&self.snapshot(tenant), TimeRange::ALL).leaves;
        let look = |leaf: &Leaf, budget: &Budget| leaf.streams(TimeRange::ALL, budget);
        let lanes = turn.run.lanes();
        let counted = turn.run.each(leaves, lanes, look).await?;
        let names = counted.iter().flatten().filter(|count| count.spans > 0);
        let names: BTreeSet<String> = names.map(|count| service_name(&count.stream).to_owned()).collect();
        Ok(names.into_iter().collect())
    }

    /// Names and kinds of the spans of `service`, of the kind named, or of all; no span is of a kind that does not exist.
    pub(crate) async fn operations_of_kind(
        &self,
        tenant: &Tenant,
        service: &str,
        kind: Option<&str>,
    ) -> Result<Vec<Operation>> {
        match kind.filter(|name| !name.is_empty()).map(SpanKind::parse) {
            Some(None) => Ok(Vec::new()),
            kind => self.jaeger_operations(tenant, service, kind.flatten()).await,
        }
    }

    /// Names and kinds of the spans of `service`, of one `kind` or of all.
    pub(crate) async fn jaeger_operations(
        &self,
        tenant: &Tenant,
        service: &str,
        kind: Option<SpanKind>,
    ) -> Result<Vec<Operation>> {
        let turn = self.turn(tenant).await?;
        let leaves = prune(&self.snapshot(tenant), TimeRange::ALL).leaves;
        let of_service = Predicate::And(vec![
            Predicate::Signal(Signal::Spans),
            Predicate::Attribute {
                scope: AttributeScope::Resource,
                key: "service.name".to_owned(),
                test: Test::Equals(stored_name(service).to_owned()),
            },
        ]);
        let lanes = turn.run.lanes();
        let look = move |leaf: &Leaf, budget: &Budget| operations(leaf, &of_service, kind, budget);
        let found = turn.run.each(leaves, lanes, look).await?;
        let found: BTreeSet<Operation> = found.into_iter().flatten().collect();
        Ok(found.into_iter().collect())
    }
}

fn operations(
    leaf: &Leaf,
    of_service: &Predicate,
    wanted: Option<SpanKind>,
    budget: &Budget,
) -> spoor_store::Result<Vec<Operation>> {
    let docs = leaf.select(of_service, budget)?;
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: BTreeMap<String, u64> = leaf.values(&docs, &Facet::Kind, budget)?.into_iter().collect();
    let kinds = kinds.keys().filter_map(|name| SpanKind::parse(name));
    let mut found = Vec::new();
    for kind in kinds.filter(|kind| wanted.is_none_or(|wanted| wanted == *kind)) {
        let of_kind = Predicate::And(vec![of_service.clone(), Predicate::Kind(kind)]);
        let docs = leaf.select(&of_kind, budget)?;
        let names = leaf.values(&docs, &Facet::Name, budget)?.into_keys();
        found.extend(names.map(|name| Operation { name, kind }));
    }
    Ok(found)
}
