//! The values a field has, with counts.

use std::collections::HashMap;

use serde::Serialize;
use spoor_store::leaf::{Budget, Facet, Leaf};
use utoipa::ToSchema;

use crate::engine::{Engine, Selection};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::plan::fields::{Field, field};
use crate::plan::prune::{prune, within};

/// Values with counts, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValuesAnswer {
    /// The values.
    pub values: Vec<ValueCount>,
    /// Values left out.
    pub truncated: usize,
}

/// A value and how many records have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValueCount {
    /// The value as text.
    pub value: String,
    /// Records that have it.
    pub count: u64,
}

impl Engine {
    /// The `limit` most frequent values of a field among the records of `selection`.
    ///
    /// # Errors
    /// A parameter error for a field whose values cannot be listed, and what any query can meet.
    pub async fn values(&self, selection: Selection, name: &str, limit: usize) -> Result<ValuesAnswer> {
        let facet = facet(name, self.keys())?;
        let turn = self.turn(&selection.tenant).await?;
        let visited = prune(&self.snapshot(&selection.tenant), selection.range);
        let visits = visited.leaves.len();
        let lanes = turn.run.lanes();
        let look = move |leaf: &Leaf, budget: &Budget| {
            let docs = leaf.select(&within(leaf, &selection.predicate, selection.range), budget)?;
            if docs.is_empty() {
                return Ok(HashMap::new());
            }
            leaf.values(&docs, &facet, budget)
        };
        let counted = turn.run.each(visited.leaves, lanes, look).await?;
        turn.end(visits, visited.skipped);
        Ok(most_frequent(counted, limit))
    }
}

fn most_frequent(leaves: Vec<HashMap<String, u64>>, limit: usize) -> ValuesAnswer {
    let mut sums: HashMap<String, u64> = HashMap::new();
    for (value, count) in leaves.into_iter().flatten() {
        *sums.entry(value).or_default() += count;
    }
    let mut values: Vec<ValueCount> =
        sums.into_iter().map(|(value, count)| ValueCount { value, count }).collect();
    values.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.value.cmp(&right.value)));
    let truncated = values.len().saturating_sub(limit);
    values.truncate(limit);
    ValuesAnswer { values, truncated }
}

/// What leaves are asked for a field's name.
fn facet(name: &str, keys: &Keys) -> Result<Facet> {
    let unlisted = |advice: &str| {
        Err(Error::parameter("name", format!("the values of `{name}` are not listed; {advice}")))
    };
    match field(name) {
        Some(Field::Service) => Ok(Facet::Service),
        Some(Field::Severity) => Ok(Facet::Severity),
        Some(Field::Kind) => Ok(Facet::Kind),
        Some(Field::Status) => Ok(Facet::Status),
        Some(Field::Name) => Ok(Facet::Name),
        Some(Field::Signal) => Ok(Facet::Signal),
        Some(Field::ScopeName) => Ok(Facet::ScopeName),
        Some(Field::TraceId | Field::SpanId | Field::LinkTraceId) => unlisted("ask for one id"),
        Some(Field::Body | Field::Duration | Field::Root) => unlisted("search them"),
        Some(Field::Correlation) => unlisted("name one correlation key"),
        Some(Field::Owner) => unlisted("ask for `service`, whose owners `/services` tells"),
        Some(Field::EventName) => Ok(Facet::Attribute(name.to_owned())),
        None if keys.get(name).is_some() => Ok(Facet::Correlation(name.to_owned())),
        None => {
            let prefixes = ["attributes.", "resource.", "scope."];
            let exact = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
            Ok(Facet::Attribute(exact.unwrap_or(name).to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_add_up_and_what_is_left_out_is_counted() {
        let leaf = |pairs: &[(&str, u64)]| {
            pairs.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
        };
        let answer = most_frequent(vec![leaf(&[("a", 1), ("b", 2)]), leaf(&[("a", 5), ("c", 2)])], 2);
        let values: Vec<(&str, u64)> =
            answer.values.iter().map(|item| (item.value.as_str(), item.count)).collect();
        assert_eq!(values, [("a", 6), ("b", 2)]);
        assert_eq!(answer.truncated, 1);
    }

    #[test]
    fn names_become_facets() {
        let keys = Keys::default();
        assert_eq!(facet("service", &keys).unwrap(), Facet::Service);
        assert_eq!(
            facet("resource.k8s.pod.name", &keys).unwrap(),
            Facet::Attribute("k8s.pod.name".to_owned())
        );
        let refused = facet("body", &keys).unwrap_err().to_string();
        assert_eq!(refused, "parameter `name`: the values of `body` are not listed; search them");
    }
}
