//! What a field's value must satisfy: conditions on text, on numbers, on durations.

use std::ops::RangeInclusive;

use regex::{Regex, RegexBuilder};
use spoor_store::predicate::{NumberRange, Test};

use crate::language::{Bound, Comparison, SyntaxError, Value, ValueNode};

/// Largest compiled regex, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Makes the test for one value that is not a group.
///
/// Bounds that both read as numbers compare as numbers, others as text.
pub(crate) fn test(text: &str, value: &Value) -> Result<Test, SyntaxError> {
    Ok(match &value.node {
        ValueNode::Exists => Test::Exists,
        ValueNode::Word(word) | ValueNode::Phrase(word) => Test::Equals(word.clone()),
        ValueNode::Prefix(prefix) => Test::Prefix(prefix.clone()),
        ValueNode::Glob(pieces) => Test::Regex(regex(text, value, &glob(pieces))?),
        ValueNode::Regex(pattern) => Test::Regex(regex(text, value, pattern)?),
        ValueNode::Compare(comparison, operand) => {
            let (low, high) = ends(*comparison, operand);
            bounds(text, value, low, high)?
        }
        ValueNode::Range { low, high } => bounds(text, value, end(low), end(high))?,
        ValueNode::And(_) | ValueNode::Or(_) | ValueNode::Not(_) => {
            return Err(SyntaxError::new(
                text,
                value.at.start,
                "expected one value here, not a group",
                &["a value"],
            ));
        }
    })
}

/// The regex of a text with stars; it is to match a whole value.
pub(crate) fn glob(pieces: &[String]) -> String {
    let escaped: Vec<String> = pieces.iter().map(|piece| regex::escape(piece)).collect();
    escaped.join("(?s:.*)")
}

/// A regex that matches anywhere in a text.
pub(crate) fn regex_anywhere(text: &str, value: &Value, pattern: &str) -> Result<Regex, SyntaxError> {
    built(text, value, pattern)
}

/// A regex that matches a whole value.
pub(crate) fn regex(text: &str, value: &Value, pattern: &str) -> Result<Regex, SyntaxError> {
    // Built alone first, so that no unbalanced parenthesis can reach out of the group that anchors it.
    built(text, value, pattern)?;
    built(text, value, &format!(r"\A(?:{pattern})\z"))
}

fn built(text: &str, value: &Value, pattern: &str) -> Result<Regex, SyntaxError> {
    let wrong = |error: &regex::Error| SyntaxError::new(text, value.at.start, reason(error), &["/regex/"]);
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().map_err(|error| wrong(&error))
}

fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the regex is too big; repeat less".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("the regex is wrong: {}", last.trim_start_matches("error: "))
        }
    }
}

type End<'a> = Option<(&'a str, bool)>;

fn ends(comparison: Comparison, operand: &str) -> (End<'_>, End<'_>) {
    match comparison {
        Comparison::Greater => (Some((operand, false)), None),
        Comparison::AtLeast => (Some((operand, true)), None),
        Comparison::Less => (None, Some((operand, false))),
        Comparison::AtMost => (None, Some((operand, true))),
    }
}

fn end(bound: &Bound) -> End<'_> {
    bound.text.as_deref().map(|text| (text, bound.included))
}

/// Numbers compare as numbers, other text as text. A duration would compare as text, which nobody means.
fn bounds(text: &str, value: &Value, low: End<'_>, high: End<'_>) -> Result<Test, SyntaxError> {
    let timed = low
        .into_iter()
        .chain(high)
        .find(|(bound, _)| bound.parse::<f64>().is_err() && duration(bound).is_some());
    if let Some((bound, _)) = timed {
        let message = format!(
            "`{}` has a unit, which only the field `duration` takes; write the number as the attribute has it",
            crate::language::quote(bound)
        );
        return Err(SyntaxError::new(text, value.at.start, message, &["a number"]));
    }
    Ok(compared(low, high))
}

fn compared(low: End<'_>, high: End<'_>) -> Test {
    let number = |end: End<'_>| match end {
        None => Some(None),
        Some((text, included)) => {
            text.parse::<f64>().ok().filter(|number| !number.is_nan()).map(|n| Some((n, included)))
        }
    };
    match (low, high) {
        (None, None) => Test::Exists,
        _ => match (number(low), number(high)) {
            (Some(low), Some(high)) => Test::Number(NumberRange { low, high }),
            _ => {
                let owned = |end: End<'_>| end.map(|(text, included)| (text.to_owned(), included));
                Test::Text { low: owned(low), high: owned(high) }
            }
        },
    }
}

/// The closed range of whole numbers that a comparison or a range says, each end read by `read`; `None` when empty.
pub(crate) fn whole_range(
    text: &str,
    value: &Value,
    max: u64,
    read: impl Fn(&str) -> Result<u64, SyntaxError>,
) -> Result<Option<RangeInclusive<u64>>, SyntaxError> {
    let (low, high) = match &value.node {
        ValueNode::Word(word) | ValueNode::Phrase(word) => {
            (Some((word.as_str(), true)), Some((word.as_str(), true)))
        }
        ValueNode::Compare(comparison, operand) => ends(*comparison, operand),
        ValueNode::Range { low, high } => (end(low), end(high)),
        ValueNode::Exists => (None, None),
        _ => {
            let expected = &["a value", ">= value", "[a TO b]"];
            return Err(SyntaxError::new(
                text,
                value.at.start,
                "this field takes values, comparisons and ranges",
                expected,
            ));
        }
    };
    let low = match low {
        None => 0,
        Some((text, included)) => match read(text)?.checked_add(u64::from(!included)) {
            Some(low) => low,
            None => return Ok(None),
        },
    };
    let high = match high {
        None => max,
        Some((text, included)) => match read(text)?.checked_sub(u64::from(!included)) {
            Some(high) => high,
            None => return Ok(None),
        },
    };
    Ok((low <= high).then_some(low..=high))
}

/// Nanoseconds of `250ms`, `1.5s`, `2m`, or a bare number of nanoseconds; `None` when it is none of these.
pub(crate) fn duration(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3_600e9),
    ];
    if let Ok(nanos) = text.parse::<u64>() {
        return Some(nanos);
    }
    let (number, factor) = UNITS
        .iter()
        .filter_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .find(|(number, _)| number.ends_with(|last: char| last.is_ascii_digit() || last == '.'))?;
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)?;
    Some((number * factor).round() as u64)
}
