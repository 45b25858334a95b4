//! The tree to a predicate: names become typed fields, correlation keys, or attributes.

use spoor_store::predicate::{AttributeScope, Predicate, Test};

use super::fields::{FIELDS, Field, field, phrase, text_prefix};
use super::values;
use crate::keys::{KeyAliases, Keys};
use crate::language::{self, Expr, Node, SyntaxError, Text, Value, ValueNode};
use crate::nearest::nearest;
use crate::owners::Owners;

/// Turns one query's tree into a predicate.
pub(crate) struct Resolver<'a> {
    /// The query's text, for the columns of errors.
    pub(crate) text: &'a str,
    pub(crate) keys: &'a Keys,
    pub(crate) owners: &'a Owners,
}

impl Resolver<'_> {
    /// Parses and resolves.
    pub(crate) fn query(&self) -> Result<Predicate, SyntaxError> {
        self.expr(&language::parse(self.text)?)
    }

    fn expr(&self, expr: &Expr) -> Result<Predicate, SyntaxError> {
        Ok(match &expr.node {
            Node::All => Predicate::All,
            Node::And(parts) => Predicate::And(self.exprs(parts)?),
            Node::Or(parts) => Predicate::Or(self.exprs(parts)?),
            Node::Not(inner) => Predicate::Not(Box::new(self.expr(inner)?)),
            Node::Text(Text::Word(text) | Text::Phrase(text)) => phrase(text),
            Node::Text(Text::Prefix(prefix)) => text_prefix(prefix),
            Node::Field { name, value } => {
                let target = self.target(expr, name)?;
                self.value(&target, value)?
            }
        })
    }

    fn exprs(&self, parts: &[Expr]) -> Result<Vec<Predicate>, SyntaxError> {
        parts.iter().map(|part| self.expr(part)).collect()
    }

    fn value(&self, target: &Target<'_>, value: &Value) -> Result<Predicate, SyntaxError> {
        let all = |parts: &[Value]| -> Result<Vec<Predicate>, SyntaxError> {
            parts.iter().map(|part| self.value(target, part)).collect()
        };
        Ok(match &value.node {
            ValueNode::And(parts) => Predicate::And(all(parts)?),
            ValueNode::Or(parts) => Predicate::Or(all(parts)?),
            ValueNode::Not(inner) => Predicate::Not(Box::new(self.value(target, inner)?)),
            _ => match target {
                Target::Field(field) => self.field(*field, value)?,
                Target::Key(key) => correlation(key, values::test(self.text, value)?),
                Target::Attributes(places) => {
                    let test = values::test(self.text, value)?;
                    let mut ways: Vec<Predicate> =
                        places.iter().map(|(scope, key)| attribute(*scope, key, test.clone())).collect();
                    if ways.len() == 1 { ways.swap_remove(0) } else { Predicate::Or(ways) }
                }
            },
        })
    }

    /// What a field's name means: a field of its own, a correlation key, or an attribute.
    fn target<'a>(&'a self, expr: &Expr, name: &'a str) -> Result<Target<'a>, SyntaxError> {
        if let Some(field) = field(name) {
            return Ok(Target::Field(field));
        }
        if let Some(key) = self.keys.get(name) {
            return Ok(Target::Key(key));
        }
        let scoped = |prefix: &str, scope| {
            name.strip_prefix(prefix).filter(|rest| !rest.is_empty()).map(|rest| (scope, rest))
        };
        if let Some(exact) = scoped("attributes.", AttributeScope::Record) {
            return Ok(Target::Attributes(vec![exact]));
        }
        let exact = scoped("resource.", AttributeScope::Resource)
            .or_else(|| scoped("scope.", AttributeScope::Scope))
            .or_else(|| scoped("event.", AttributeScope::Event))
            .or_else(|| scoped("link.", AttributeScope::Link));
        if let Some(exact) = exact {
            // An attribute may itself be called `event.domain`.
            return Ok(Target::Attributes(vec![exact, (AttributeScope::Any, name)]));
        }
        if let Some(meant) = self.misspelt(name) {
            let message = format!(
                "`{name}` is no field; did you mean `{meant}`? (for an attribute called so, write `attributes.{name}`)"
            );
            return Err(SyntaxError::new(self.text, expr.at.start, message, &[meant]));
        }
        Ok(Target::Attributes(vec![(AttributeScope::Any, name)]))
    }

    /// The field or key that a name without a dot is one slip away from.
    pub(crate) fn misspelt(&self, name: &str) -> Option<&str> {
        const SHORTEST: usize = 4;
        if name.contains('.') || name.len() < SHORTEST {
            return None;
        }
        let known = FIELDS.iter().map(|(known, _)| *known).chain(self.keys.names());
        nearest(name, known.filter(|known| known.len() >= SHORTEST), 1)
    }
}

enum Target<'a> {
    Field(Field),
    Key(&'a KeyAliases),
    /// Any of these.
    Attributes(Vec<(AttributeScope, &'a str)>),
}

/// An id under a correlation key; in records older than the key, under one of its aliases.
pub(crate) fn correlation(key: &KeyAliases, test: Test) -> Predicate {
    let mut ways = vec![Predicate::Correlation { key: Some(key.name.clone()), test: test.clone() }];
    ways.extend(key.attributes.iter().map(|alias| attribute(AttributeScope::Any, alias, test.clone())));
    Predicate::Or(ways)
}

/// An attribute in one place.
pub(crate) fn attribute(scope: AttributeScope, key: &str, test: Test) -> Predicate {
    Predicate::Attribute { scope, key: key.to_owned(), test }
}
