//! YAML in, with errors a person can act on: place, what is wrong, what was expected, the line itself.

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

/// Below this likeness (0 to 1) a suggestion would be noise.
const LIKENESS_MIN: f64 = 0.8;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    /// Line and column, from 1, when they are known.
    pub place: Option<(u64, u64)>,
    /// What is wrong.
    pub message: String,
}

/// Reads `text` as a `T`.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_saphyr::from_str(text).map_err(|error| YamlError {
        place: error.location().map(|location| (location.line(), location.column())),
        message: explain(error.without_snippet()),
    })
}

impl YamlError {
    /// Returns `FILE:LINE:COLUMN: message` with the line it is about.
    pub(super) fn in_file(&self, file: &str, text: &str) -> String {
        let Some((line, column)) = self.place else { return format!("{file}: {}", self.message) };
        let mut out = format!("{file}:{line}:{column}: {}", self.message);
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(shown) = text.lines().nth(index) {
            let before = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
            // A tab keeps its width, so that the mark stands under the right character.
            let indent: String =
                shown.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            out.push_str(&format!("\n    {shown}\n    {indent}^"));
        }
        out
    }
}

/// Says in a configuration's words what the reader says in a parser's.
fn explain(error: &Error) -> String {
    let message = UserMessageFormatter.format_message(error).into_owned();
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((key, known)) = rest.split_once("`, expected ")
    {
        let known = known.trim_start_matches("one of ").replace('`', "");
        let nearest = nearest(key, known.split(", ")).map(|near| format!("; did you mean `{near}`?"));
        return format!("unknown key `{key}`{}; known here: {known}", nearest.unwrap_or_default());
    }
    let number =
        |sign| ["8", "16", "32", "64", "size"].iter().any(|bits| message == format!("invalid {sign}{bits}"));
    if number('u') {
        return "expected a whole number, 0 or greater, in range".to_owned();
    }
    if number('i') {
        return "expected a whole number in range".to_owned();
    }
    match message.as_str() {
        "expected mapping start" => "expected keys with values here".to_owned(),
        "expected sequence start" => "expected a list here".to_owned(),
        "invalid boolean" | "invalid bool" => "expected true or false".to_owned(),
        _ => message,
    }
}

/// Returns the candidate most like `name`, if one is like it at all.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(candidate, name), candidate));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0));
    best.filter(|(likeness, _)| *likeness >= LIKENESS_MIN).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[expect(dead_code, reason = "only reading is tested")]
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        count: u32,
        on: bool,
        names: Vec<String>,
    }

    #[test]
    fn errors_are_in_the_words_of_a_configuration() {
        for (text, place, message) in [
            ("count: many", (1, 8), "expected a whole number, 0 or greater, in range"),
            ("count: -1", (1, 8), "expected a whole number, 0 or greater, in range"),
            ("on: perhaps", (1, 5), "expected true or false"),
            ("names: 3", (1, 8), "expected a list here"),
            (
                "\ncuont: 3",
                (2, 1),
                "unknown key `cuont`; did you mean `count`?; known here: count, on, names",
            ),
            ("zzz: 3", (1, 1), "unknown key `zzz`; known here: count, on, names"),
        ] {
            let error = parse::<Sample>(text).unwrap_err();
            assert_eq!((error.place, error.message.as_str()), (Some(place), message), "{text}");
        }
    }

    #[test]
    fn the_line_is_shown_with_a_mark_under_the_place() {
        let error = YamlError { place: Some((2, 3)), message: "wrong".to_owned() };
        assert_eq!(error.in_file("a.yaml", "a:\n  b: 1\n"), "a.yaml:2:3: wrong\n      b: 1\n      ^");
    }
}
