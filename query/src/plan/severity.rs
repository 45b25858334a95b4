//! The field `severity`: names in order, each a range of OTLP's numbers.

use spoor_store::model::Severity;
use spoor_store::predicate::Predicate;

use super::resolve::Resolver;
use crate::language::{Comparison as C, SyntaxError, Value, ValueNode};

impl Resolver<'_> {
    pub(super) fn severity(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        if let ValueNode::Word(word) | ValueNode::Phrase(word) = &value.node
            && Severity::parse(word) == Some(Severity::Unspecified)
        {
            return Ok(Predicate::Or(vec![Predicate::Severity(0..=0), Predicate::Severity(25..=u8::MAX)]));
        }
        if let ValueNode::Prefix(_) | ValueNode::Glob(_) | ValueNode::Regex(_) = &value.node {
            let known = Severity::ALL.map(|severity| {
                let (low, high) = severity.numbers();
                (severity.as_str(), Predicate::Severity(low..=high))
            });
            return self.named(value, "severity", &known);
        }
        let (low, high) = self.severity_bounds(value)?;
        Ok(if low <= high { Predicate::Severity(low..=high) } else { Predicate::None })
    }

    /// A severity's name stands for the first or the last number of its range, whichever the comparison needs.
    fn severity_bounds(&self, value: &Value) -> Result<(u8, u8), SyntaxError> {
        let read = |word: &str| self.severity_numbers(value, word);
        let lowest = |(low, _): (u8, u8)| low;
        let highest = |(_, high): (u8, u8)| high;
        const MIN: u8 = 1;
        const MAX: u8 = 24;
        Ok(match &value.node {
            ValueNode::Exists => (MIN, u8::MAX),
            ValueNode::Word(word) | ValueNode::Phrase(word) => read(word)?,
            ValueNode::Compare(C::AtLeast, word) => (read(word).map(lowest)?, MAX),
            ValueNode::Compare(C::Greater, word) => (read(word).map(highest)?.saturating_add(1), MAX),
            ValueNode::Compare(C::AtMost, word) => (MIN, read(word).map(highest)?),
            ValueNode::Compare(C::Less, word) => (MIN, read(word).map(lowest)?.saturating_sub(1)),
            ValueNode::Range { low, high } => {
                let from = match &low.text {
                    None => MIN,
                    Some(word) if low.included => read(word).map(lowest)?,
                    Some(word) => read(word).map(highest)?.saturating_add(1),
                };
                let to = match &high.text {
                    None => MAX,
                    Some(word) if high.included => read(word).map(highest)?,
                    Some(word) => read(word).map(lowest)?.saturating_sub(1),
                };
                (from, to)
            }
            _ => {
                let message = "expected one severity here";
                return Err(SyntaxError::new(self.text, value.at.start, message, &["error", ">=warn"]));
            }
        })
    }

    fn severity_numbers(&self, value: &Value, word: &str) -> Result<(u8, u8), SyntaxError> {
        if let Ok(number) = word.parse::<u8>() {
            return Ok((number, number));
        }
        let names = Severity::ALL.map(Severity::as_str);
        Severity::parse(word)
            .map(Severity::numbers)
            .ok_or_else(|| self.unknown_value(value, "severity", word, &names))
    }
}
