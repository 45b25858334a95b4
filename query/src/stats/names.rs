//! Lists of field names: `service, "odd key"`.

use crate::language::SyntaxError;

/// Most names in one list.
const NAMES_MAX: usize = 64;

/// Field names in order, and the text they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub(crate) text: String,
    pub(crate) names: Vec<Name>,
}

/// A name and the byte it begins at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) at: usize,
    pub(crate) name: String,
}

impl Names {
    /// Reads names with commas between them; one with other characters than a bare name has takes quotes.
    ///
    /// # Errors
    /// What is wrong, where, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut names: Vec<Name> = Vec::new();
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut at = 0;
        loop {
            let (name, end) = name(text, at, &[','])?;
            if names.iter().any(|other| other.name == name.name) {
                let message = format!("`{}` stands here twice", name.name);
                return Err(SyntaxError::new(text, name.at, message, &["another field"]));
            }
            names.push(name);
            if names.len() > NAMES_MAX {
                return Err(SyntaxError::new(text, at, format!("more than {NAMES_MAX} fields"), &["fewer"]));
            }
            if end == text.len() {
                return Ok(Self { text: text.to_owned(), names });
            }
            at = end + 1;
        }
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| name.name.as_str())
    }
}

/// Reads one name from byte `from` on, to one of `ends` or the end of the text.
pub(super) fn name(text: &str, from: usize, ends: &[char]) -> Result<(Name, usize), SyntaxError> {
    let rest = text.get(from..).unwrap_or_default();
    let at = from + (rest.len() - rest.trim_start().len());
    let rest = text.get(at..).unwrap_or_default();
    let wrong =
        |offset: usize, message: &str, expected: &str| SyntaxError::new(text, offset, message, &[expected]);
    let (name, end) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let mut name = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next() {
                    None => return Err(wrong(at, "this quote is not closed", "\"")),
                    Some((offset, '"')) => break at + 1 + offset + 1,
                    Some((_, '\\')) => name.extend(characters.next().map(|(_, escaped)| escaped)),
                    Some((_, character)) => name.push(character),
                }
            };
            (name, end)
        }
        None => {
            let end = rest.find(|c: char| ends.contains(&c) || "(),\"".contains(c)).unwrap_or(rest.len());
            let bare = rest.get(..end).unwrap_or_default().trim_end();
            (bare.to_owned(), at + bare.len())
        }
    };
    if name.is_empty() {
        return Err(wrong(at, "expected the name of a field", "a field"));
    }
    let after = text.get(end..).unwrap_or_default();
    let next = end + (after.len() - after.trim_start().len());
    match text.get(next..).and_then(|rest| rest.chars().next()) {
        None => Ok((Name { at, name }, text.len())),
        Some(found) if ends.contains(&found) => Ok((Name { at, name }, next)),
        Some(found) => {
            let expected = ends.iter().map(|end| format!("`{end}`")).collect::<Vec<_>>().join(" or ");
            Err(wrong(next, &format!("expected {expected}, found `{found}`"), &expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let names = Names::parse(text).map_err(|error| error.to_string())?;
        Ok(names.iter().map(str::to_owned).collect())
    }

    #[test]
    fn names_stand_bare_or_in_quotes() {
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read(" service ,http.route"), Ok(vec!["service".into(), "http.route".into()]));
        assert_eq!(read(r#""odd, \"key\"" , b"#), Ok(vec![r#"odd, "key""#.into(), "b".into()]));
    }

    #[test]
    fn faults_are_told_with_their_place() {
        for (text, message) in [
            ("a,,b", "expected the name of a field (column 3)"),
            ("a,", "expected the name of a field (column 3)"),
            ("é,a(b)", "expected `,`, found `(` (column 4)"),
            ("a, \"b", "this quote is not closed (column 4)"),
            ("a, a", "`a` stands here twice (column 4)"),
            ("\"a\"b", "expected `,`, found `b` (column 4)"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }
}
