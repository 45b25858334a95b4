//! The services that sent something.

use std::collections::BTreeMap;

use serde::Serialize;
use spoor_store::leaf::{Budget, Leaf};
use spoor_store::model::{Tenant, TimeRange};
use utoipa::ToSchema;

use crate::engine::Engine;
use crate::error::Result;
use crate::flows::ServiceSummary;
use crate::plan::prune::prune;

/// Services by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServicesAnswer {
    /// The services.
    pub services: Vec<ServiceSummary>,
}

impl Engine {
    /// Services with records in `range`.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn services(&self, tenant: &Tenant, range: TimeRange) -> Result<ServicesAnswer> {
        let turn = self.turn(tenant).await?;
        let visited = prune(&self.snapshot(tenant), range);
        let visits = visited.leaves.len();
        let lanes = turn.run.lanes();
        let look = move |leaf: &Leaf, budget: &Budget| leaf.streams(range, budget);
        let counted = turn.run.each(visited.leaves, lanes, look).await?;
        turn.end(visits, visited.skipped);
        let mut services: BTreeMap<String, ServiceSummary> = BTreeMap::new();
        for count in counted.into_iter().flatten().filter(|count| count.spans + count.logs > 0) {
            let name = &count.stream.service;
            let service = services.entry(name.clone()).or_insert_with(|| ServiceSummary {
                name: name.clone(),
                owner: None,
                span_count: 0,
                log_count: 0,
                error_count: 0,
            });
            if service.owner.is_none() {
                service.owner = self.owners().of(&count.stream).map(str::to_owned);
            }
            service.span_count += count.spans;
            service.log_count += count.logs;
            service.error_count += count.errors;
        }
        Ok(ServicesAnswer { services: services.into_values().collect() })
    }
}
