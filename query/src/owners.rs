//! Who answers for a service: what its resource says, else the configured map.

use std::collections::BTreeMap;

use spoor_store::model::Stream;

/// Resource attributes that name an owner; the first one set wins.
pub(crate) const OWNER_ATTRIBUTES: [&str; 4] =
    ["service.owner.name", "service.owner.team", "service.owner", "team"];

/// The configured map from service to owner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owners {
    by_service: BTreeMap<String, String>,
}

impl Owners {
    pub(crate) fn new(by_service: BTreeMap<String, String>) -> Self {
        Self { by_service }
    }

    /// The owner of the service that `stream` comes from.
    pub(crate) fn of<'a>(&'a self, stream: &'a Stream) -> Option<&'a str> {
        let mut found: Option<(usize, &str)> = None;
        for attribute in stream.resource_attributes() {
            let Some(rank) = OWNER_ATTRIBUTES.iter().position(|name| *name == attribute.key) else {
                continue;
            };
            if let spoor_store::model::ValueRef::Str(owner) = attribute.value
                && !owner.is_empty()
                && found.is_none_or(|(best, _)| rank < best)
            {
                found = Some((rank, owner));
            }
        }
        found.map(|(_, owner)| owner).or_else(|| self.by_service.get(&stream.service).map(String::as_str))
    }

    /// Services that the map gives to an owner for whom `accepts` holds.
    pub(crate) fn services(&self, accepts: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.by_service.iter().filter(move |(_, owner)| accepts(owner)).map(|(service, _)| service.as_str())
    }
}
