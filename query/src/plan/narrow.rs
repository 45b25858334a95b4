//! Words that every text a regex matches must hold, so that few bodies are read for it.

use regex_syntax::hir::{Hir, HirKind, Look};
use spoor_store::predicate::Predicate;
use spoor_store::tokenize;

/// A word's beginning shorter than this stands for too many words to be worth looking up.
const PREFIX_MIN: usize = 3;

/// A run of text that the regex demands as it stands.
#[derive(Default)]
struct Run {
    text: String,
    /// Whether no letter or digit can stand before it.
    starts_at_edge: bool,
    /// Whether none can stand after it.
    ends_at_edge: bool,
}

/// Conditions on words that hold for whatever `pattern` matches; none when it demands none.
pub(super) fn words(pattern: &str) -> Vec<Predicate> {
    let Ok(hir) = regex_syntax::parse(pattern) else { return Vec::new() };
    let mut runs = vec![Run::default()];
    gather(&hir, &mut runs);
    runs.iter().flat_map(demanded).collect()
}

fn gather(hir: &Hir, runs: &mut Vec<Run>) {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().for_each(|part| gather(part, runs)),
        HirKind::Capture(group) => gather(&group.sub, runs),
        HirKind::Literal(literal) => match (std::str::from_utf8(&literal.0), runs.last_mut()) {
            (Ok(text), Some(run)) => run.text.push_str(text),
            _ => runs.push(Run::default()),
        },
        HirKind::Look(Look::Start | Look::End | Look::StartLF | Look::EndLF) => {
            if let Some(run) = runs.last_mut() {
                run.ends_at_edge = true;
            }
            runs.push(Run { starts_at_edge: true, ..Run::default() });
        }
        HirKind::Empty => {}
        _ => runs.push(Run::default()),
    }
}

/// Whole words of a run in a row, and the one that it may cut short at its end.
fn demanded(run: &Run) -> Vec<Predicate> {
    let is_word = char::is_alphanumeric;
    let text = run.text.as_str();
    let start = if run.starts_at_edge { Some(0) } else { text.find(|letter: char| !is_word(letter)) };
    let Some(inside) = start.and_then(|start| text.get(start..)) else { return Vec::new() };
    let end = if run.ends_at_edge { inside.len() } else { inside.trim_end_matches(is_word).len() };
    let (whole, cut) = inside.split_at_checked(end).unwrap_or((inside, ""));
    let mut found = Vec::new();
    let tokens = tokenize(whole);
    if !tokens.is_empty() {
        found.push(Predicate::Phrase(tokens));
    }
    if let [only] = tokenize(cut).as_slice()
        && only.chars().count() >= PREFIX_MIN
    {
        found.push(Predicate::TokenPrefix(only.clone()));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn only_what_must_be_there_is_demanded() {
        for (pattern, expected) in [
            ("timeout", "[]"),
            (" timeout ", r#"[Phrase(["timeout"])]"#),
            ("Card declined: insuff.*", r#"[Phrase(["declined"]), TokenPrefix("insuff")]"#),
            (r"^order \d+ failed$", r#"[Phrase(["order"]), Phrase(["failed"])]"#),
            (r"\Aorder (?s:.*) x\z", r#"[Phrase(["order"]), Phrase(["x"])]"#),
            (r"order (a|b) is (late)$", r#"[Phrase(["is", "late"])]"#),
            ("(?i) timeout ", "[]"),
            (" a| b ", "[]"),
            ("( word )?", "[]"),
            ("(", "[]"),
        ] {
            assert_eq!(format!("{:?}", words(pattern)), expected, "{pattern}");
        }
    }

    fn holds(predicate: &Predicate, tokens: &[String]) -> bool {
        match predicate {
            Predicate::Phrase(wanted) => tokens.windows(wanted.len()).any(|window| window == wanted),
            Predicate::TokenPrefix(prefix) => tokens.iter().any(|token| token.starts_with(prefix.as_str())),
            other => panic!("not a condition on words: {other:?}"),
        }
    }

    proptest! {
        #[test]
        fn whatever_matches_has_the_words(
            pattern in r"(\^)?([abÉ ]{1,5}|a\*|\.|\(b c\)|\[ab\] |\\d){1,5}(\$)?",
            text in "[abÉé1 -]{0,24}",
        ) {
            if let Ok(regex) = Regex::new(&pattern)
                && regex.is_match(&text)
            {
                let tokens = tokenize(&text);
                for word in words(&pattern) {
                    prop_assert!(holds(&word, &tokens), "{word:?} of {pattern:?} not in {text:?}");
                }
            }
        }
    }
}
