//! What may have been meant by a query that finds nothing: an attribute that no record has, and one that some have.

use std::collections::BTreeSet;

use spoor_store::model::{Tenant, TimeRange};
use spoor_store::predicate::Predicate;

use crate::engine::{Engine, Selection};
use crate::error::Result;
use crate::language::{self, Expr, Node};
use crate::nearest::nearest;
use crate::plan::fields::field;

/// Edits between a name and the one that may be meant.
const DISTANCE_MAX: usize = 2;

impl Engine {
    /// Names the first attribute in `text` that no record has, and the closest that some have; `None` when every one
    /// exists. Lists every field: for queries that found nothing.
    pub(crate) async fn hint(&self, selection: &Selection, text: &str) -> Result<Option<String>> {
        let mut asked = Vec::new();
        names(&language::parse(text)?, &mut asked);
        asked.retain(|name| field(name).is_none() && self.keys().get(name).is_none());
        if asked.is_empty() {
            return Ok(None);
        }
        let everything = everything_of(&selection.tenant);
        let (known, _) = self.field_names(&everything, "").await?;
        let known: BTreeSet<&str> = known.keys().map(|(_, name)| name.as_str()).collect();
        let missing = asked.iter().find(|name| !known.contains(name.as_str()));
        Ok(missing.map(|name| {
            let shown = language::quote(name);
            nearest(name, known.iter().copied(), DISTANCE_MAX).map_or_else(
                || format!("no record has the field `{shown}`"),
                |meant| format!("no record has the field `{shown}`; did you mean `{meant}`?"),
            )
        }))
    }
}

fn everything_of(tenant: &Tenant) -> Selection {
    Selection { tenant: tenant.clone(), predicate: Predicate::All, range: TimeRange::ALL }
}

/// The names of the fields that a query names, without the prefix that says where they stand.
fn names(expr: &Expr, found: &mut Vec<String>) {
    match &expr.node {
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| names(part, found)),
        // What must not be there may well not exist.
        Node::Not(_) | Node::All | Node::Text(_) => {}
        Node::Field { name, .. } => {
            let places = ["attributes.", "resource.", "scope.", "event."];
            let bare = places.iter().find_map(|place| name.strip_prefix(place)).unwrap_or(name);
            found.push(bare.to_owned());
        }
    }
}
