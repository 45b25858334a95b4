//! What a report computes, from text: `count, p95(duration), ratio(status:error)`.
//!
//! ```text
//! selects  = select { "," select }
//! select   = "count" | "rate" | "ratio" "(" query ")" | function "(" field ")"
//! function = "p" number | "sum" | "avg" | "min" | "max" | "distinct"
//! ```
//! A query may hold commas and parentheses: it ends at the one that closes `ratio(`. Inside, quotes and backslashes
//! count as in the search language.

use super::names::{Name, name};
use crate::language::{LENGTH_MAX, SyntaxError};
use crate::nearest::nearest;

/// Most computations in one report.
pub const SELECTS_MAX: usize = 20;

const FUNCTIONS: [&str; 9] = [
    "count",
    "rate",
    "ratio(QUERY)",
    "p95(FIELD)",
    "sum(FIELD)",
    "avg(FIELD)",
    "min(FIELD)",
    "max(FIELD)",
    "distinct(FIELD)",
];

/// Computations in order, and the text they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Selects {
    pub(crate) text: String,
    /// The computations.
    pub items: Vec<Select>,
}

/// One computation.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// As answers call it.
    pub name: String,
    /// What it is.
    pub function: Function,
    /// The field or query it is of, and the byte that begins at.
    pub(crate) of: Name,
}

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// Records.
    Count,
    /// Records a second.
    Rate,
    /// The share of the records that also satisfy a query.
    Ratio,
    /// A quantile, from 0 to 1.
    Quantile(f64),
    /// Sum of a field.
    Sum,
    /// Mean of a field.
    Avg,
    /// Least of a field.
    Min,
    /// Greatest of a field.
    Max,
    /// Distinct values of a field.
    Distinct,
}

impl Selects {
    /// Reads computations with commas between them; nothing is `count`.
    ///
    /// # Errors
    /// What is wrong, where, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = if text.trim().is_empty() { "count" } else { text };
        if text.len() > LENGTH_MAX {
            let message = format!("the list is {} bytes long; {LENGTH_MAX} is the most", text.len());
            return Err(SyntaxError::new(text, LENGTH_MAX, message, &["a shorter list"]));
        }
        let mut items: Vec<Select> = Vec::new();
        let mut at = 0;
        loop {
            let (item, end) = select(text, at)?;
            if items.iter().any(|other| other.name == item.name) {
                let message = format!("`{}` stands here twice", item.name);
                return Err(SyntaxError::new(text, at, message, &FUNCTIONS));
            }
            items.push(item);
            if items.len() > SELECTS_MAX {
                return Err(SyntaxError::new(
                    text,
                    at,
                    format!("more than {SELECTS_MAX} of them"),
                    &["fewer"],
                ));
            }
            match text.get(end..).and_then(|rest| rest.chars().next()) {
                None => return Ok(Self { text: text.to_owned(), items }),
                Some(',') => at = end + 1,
                Some(found) => {
                    return Err(SyntaxError::new(
                        text,
                        end,
                        format!("expected `,`, found `{found}`"),
                        &["`,`"],
                    ));
                }
            }
        }
    }
}

/// Reads one computation; the byte after it and the spaces that follow.
fn select(text: &str, from: usize) -> Result<(Select, usize), SyntaxError> {
    let at = skip_spaces(text, from);
    let rest = text.get(at..).unwrap_or_default();
    let word_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    let word = rest.get(..word_end).unwrap_or_default();
    let function = function(word).ok_or_else(|| unknown(text, at, word))?;
    let open = skip_spaces(text, at + word_end);
    if matches!(function, Function::Count | Function::Rate) {
        if text.get(open..).is_some_and(|rest| rest.starts_with('(')) {
            return Err(SyntaxError::new(text, open, format!("`{word}` is of nothing"), &["`,`"]));
        }
        let of = Name { at, name: String::new() };
        return Ok((Select { name: word.to_ascii_lowercase(), function, of }, open));
    }
    let what = if function == Function::Ratio { "(QUERY)" } else { "(FIELD)" };
    if !text.get(open..).is_some_and(|rest| rest.starts_with('(')) {
        return Err(SyntaxError::new(text, open, format!("expected `{what}` after `{word}`"), &[what]));
    }
    let (of, close) = if function == Function::Ratio {
        let close = closing(text, open)?;
        let query = text.get(open + 1..close).unwrap_or_default();
        (Name { at: open + 1, name: query.to_owned() }, close)
    } else {
        let (of, end) = name(text, open + 1, &[')'])?;
        if end == text.len() {
            return Err(SyntaxError::new(text, open, "this `(` is not closed", &["`)`"]));
        }
        (of, end)
    };
    let called = format!("{}({})", word.to_ascii_lowercase(), of.name.trim());
    Ok((Select { name: called, function, of }, skip_spaces(text, close + 1)))
}

fn function(word: &str) -> Option<Function> {
    let word = word.to_ascii_lowercase();
    Some(match word.as_str() {
        "count" => Function::Count,
        "rate" => Function::Rate,
        "ratio" => Function::Ratio,
        "sum" => Function::Sum,
        "avg" => Function::Avg,
        "min" => Function::Min,
        "max" => Function::Max,
        "distinct" => Function::Distinct,
        _ => {
            let percent =
                word.strip_prefix('p').filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))?;
            let percent: f64 = percent.parse().ok()?;
            if !(0.0..=100.0).contains(&percent) {
                return None;
            }
            // 99.9 is 0.999, not the double next to it.
            Function::Quantile((percent * 1e10).round() / 1e12)
        }
    })
}

fn unknown(text: &str, at: usize, word: &str) -> SyntaxError {
    let known = FUNCTIONS.iter().filter_map(|name| name.split('(').next());
    let message = match nearest(&word.to_ascii_lowercase(), known, 2) {
        _ if word.is_empty() => "expected something to compute".to_owned(),
        Some(meant) => format!("`{word}` computes nothing; did you mean `{meant}`?"),
        None => format!("`{word}` computes nothing"),
    };
    SyntaxError::new(text, at, message, &FUNCTIONS)
}

fn skip_spaces(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + (rest.len() - rest.trim_start().len())
}

/// The byte of the parenthesis that closes the one at `open`.
fn closing(text: &str, open: usize) -> Result<usize, SyntaxError> {
    let mut depth = 0_usize;
    let mut in_quotes = false;
    let mut characters = text.get(open..).unwrap_or_default().char_indices();
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            ')' if !in_quotes => {
                depth -= 1;
                if depth == 0 {
                    return Ok(open + offset);
                }
            }
            _ => {}
        }
    }
    Err(SyntaxError::new(text, open, "this `(` is not closed", &["`)`"]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Function, String)>, String> {
        let selects = Selects::parse(text).map_err(|error| error.to_string())?;
        Ok(selects.items.into_iter().map(|item| (item.name, item.function, item.of.name)).collect())
    }

    fn one(text: &str) -> (String, Function, String) {
        read(text).unwrap().swap_remove(0)
    }

    #[test]
    fn every_function_is_read() {
        for (text, name, function, of) in [
            ("", "count", Function::Count, ""),
            (" Rate ", "rate", Function::Rate, ""),
            ("p50(duration)", "p50(duration)", Function::Quantile(0.5), "duration"),
            ("p99.9( duration )", "p99.9(duration)", Function::Quantile(0.999), "duration"),
            ("sum (\"odd, key\")", "sum(odd, key)", Function::Sum, "odd, key"),
            ("distinct(trace_id)", "distinct(trace_id)", Function::Distinct, "trace_id"),
            ("ratio(a:(b OR c), \"x)\")", "ratio(a:(b OR c), \"x)\")", Function::Ratio, "a:(b OR c), \"x)\""),
            ("ratio(x\\) y)", "ratio(x\\) y)", Function::Ratio, "x\\) y"),
            ("ratio()", "ratio()", Function::Ratio, ""),
        ] {
            assert_eq!(one(text), (name.to_owned(), function, of.to_owned()), "{text}");
        }
        assert_eq!(read("count, ratio(a, b),max(c)").unwrap().len(), 3);
    }

    #[test]
    fn faults_are_told_with_their_place_and_what_was_expected() {
        for (text, message) in [
            ("cuont", "`cuont` computes nothing; did you mean `count`? (column 1)"),
            ("count, p101(duration)", "`p101` computes nothing (column 8)"),
            ("count,", "expected something to compute (column 7)"),
            ("count(x)", "`count` is of nothing (column 6)"),
            ("é", "expected something to compute (column 1)"),
            ("p95", "expected `(FIELD)` after `p95` (column 4)"),
            ("ratio", "expected `(QUERY)` after `ratio` (column 6)"),
            ("sum()", "expected the name of a field (column 5)"),
            ("sum(a", "this `(` is not closed (column 4)"),
            ("ratio((a)", "this `(` is not closed (column 6)"),
            ("count rate", "expected `,`, found `r` (column 7)"),
            ("count, count", "`count` stands here twice (column 7)"),
            ("max(a,b)", "expected `)`, found `,` (column 6)"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
        assert_eq!(Selects::parse("x").unwrap_err().expected, FUNCTIONS);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_inside_itself(text in "[a-z0-9.,()\"\\\\ é]{0,40}") {
            if let Err(error) = Selects::parse(&text) {
                prop_assert!(error.position <= text.chars().count().max(5));
            }
        }

        #[test]
        fn what_is_written_is_read(field in "[a-z][a-z.]{0,8}", percent in 0_u32..=100) {
            let text = format!("p{percent}({field}), avg(\"{field}\")");
            let items = read(&text).unwrap();
            prop_assert_eq!(&items[0].1, &Function::Quantile(f64::from(percent) / 100.0));
            prop_assert_eq!((&items[0].2, &items[1].2), (&field, &field));
        }
    }
}
