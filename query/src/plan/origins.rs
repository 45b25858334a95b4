//! A field's name to the places where a record's value of it stands, in the order that decides.

use std::sync::Arc;

use spoor_store::leaf::Origin;
use spoor_store::model::Stream;

use super::fields::{Field, field};
use super::resolve::Resolver;

/// Why a field has no value for each record, and what to write instead.
pub(crate) type Refusal = String;

impl Resolver<'_> {
    /// Where a record's value of the field `name` stands.
    ///
    /// A correlation key is also looked for under its aliases; an attribute without a prefix in the record, its
    /// resource, its scope, and its events.
    pub(crate) fn origins(&self, name: &str) -> Result<Vec<Origin>, Refusal> {
        if let Some(field) = field(name) {
            return self.of_field(name, field);
        }
        if let Some(key) = self.keys.get(name) {
            let extracted = Origin::Correlation(key.name.clone());
            return Ok(std::iter::once(extracted)
                .chain(key.attributes.iter().flat_map(|alias| anywhere(alias)))
                .collect());
        }
        self.attribute(name)
    }

    /// As [`Self::origins`], for attributes alone: what is measured rather than told apart.
    pub(crate) fn number(&self, name: &str) -> Result<Vec<Origin>, Refusal> {
        if field(name).is_some() {
            let advice = format!("for an attribute called so, write `attributes.{name}`");
            return Err(format!("`{name}` is no number; measure `duration` or an attribute ({advice})"));
        }
        self.attribute(name)
    }

    fn attribute(&self, name: &str) -> Result<Vec<Origin>, Refusal> {
        let scoped = |prefix: &str| name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        if let Some(key) = scoped("attributes.") {
            return Ok(vec![Origin::Attribute(key.to_owned())]);
        }
        let exact = scoped("resource.")
            .map(Origin::resource)
            .or_else(|| scoped("scope.").map(Origin::scope))
            .or_else(|| scoped("event.").map(|key| Origin::EventAttribute(key.to_owned())));
        if let Some(exact) = exact {
            // An attribute may itself be called `event.domain`.
            return Ok(std::iter::once(exact).chain(anywhere(name)).collect());
        }
        if let Some(meant) = self.misspelt(name) {
            return Err(format!(
                "`{name}` is no field; did you mean `{meant}`? (for an attribute called so, write `attributes.{name}`)"
            ));
        }
        Ok(anywhere(name).to_vec())
    }

    fn of_field(&self, name: &str, field: Field) -> Result<Vec<Origin>, Refusal> {
        let of_stream = |value: fn(&Stream) -> Option<String>| Origin::Stream(Arc::new(value));
        let refused = |advice: &str| Err(format!("`{name}` has no groups; {advice}"));
        Ok(vec![match field {
            Field::Service => of_stream(|stream| Some(stream.service.clone())),
            Field::Severity => Origin::Severity,
            Field::Name => Origin::Name,
            Field::Kind => Origin::Kind,
            Field::Status => Origin::Status,
            Field::TraceId => Origin::Trace,
            Field::Signal => Origin::Signal,
            Field::Root => Origin::Root,
            Field::ScopeName => {
                of_stream(|stream| (!stream.scope_name.is_empty()).then(|| stream.scope_name.clone()))
            }
            Field::EventName => {
                return Ok(vec![
                    Origin::LogName,
                    Origin::EventName,
                    Origin::Attribute("event.name".to_owned()),
                ]);
            }
            Field::LinkTraceId => Origin::Link,
            Field::Owner => {
                let owners = self.owners.clone();
                Origin::Stream(Arc::new(move |stream| owners.of(stream).map(str::to_owned)))
            }
            Field::Body => return refused("search its words"),
            Field::Duration => return refused("measure it, as `p95(duration)`"),
            Field::SpanId => return refused("count the spans"),
            Field::Correlation => return refused("name one correlation key"),
        }])
    }
}

/// An attribute without a prefix, wherever it stands.
fn anywhere(key: &str) -> [Origin; 4] {
    [
        Origin::Attribute(key.to_owned()),
        Origin::resource(key),
        Origin::scope(key),
        Origin::EventAttribute(key.to_owned()),
    ]
}
