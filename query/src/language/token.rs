//! Tokens, and what is said when one is not what was expected.

use super::ast::{At, Comparison};

/// A query that does not parse, or a value that its field does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {})", position + 1)]
pub struct SyntaxError {
    /// Characters before the place of the fault.
    pub position: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
    /// What could stand there.
    pub expected: Vec<String>,
}

impl SyntaxError {
    /// A fault at byte `offset` of `text`.
    pub fn new(text: &str, offset: usize, message: impl Into<String>, expected: &[&str]) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
        Self {
            position: before.chars().count(),
            message: message.into(),
            expected: expected.iter().map(|&item| item.to_owned()).collect(),
        }
    }
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Lexed {
    pub(super) at: At,
    pub(super) token: Token,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Minus,
    /// `name:`
    Field(String),
    /// Pieces between unescaped stars; one piece has no star.
    Word(Vec<String>),
    Phrase(String),
    Regex(String),
    Compare(Comparison),
    RangeOpen {
        included: bool,
    },
    RangeClose {
        included: bool,
    },
    To,
    End,
}

impl Token {
    /// How the token is called in a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::And => "`AND`".to_owned(),
            Self::Or => "`OR`".to_owned(),
            Self::Not => "`NOT`".to_owned(),
            Self::Minus => "`-`".to_owned(),
            Self::Field(name) => format!("`{}:`", shorten(name)),
            Self::Word(pieces) => format!("`{}`", shorten(&pieces.join("*"))),
            Self::Phrase(text) => format!("\"{}\"", shorten(text)),
            Self::Regex(pattern) => format!("`/{}/`", shorten(pattern)),
            Self::Compare(comparison) => format!("`{}`", comparison.as_str()),
            Self::RangeOpen { included } => if *included { "`[`" } else { "`{`" }.to_owned(),
            Self::RangeClose { included } => if *included { "`]`" } else { "`}`" }.to_owned(),
            Self::To => "`TO`".to_owned(),
            Self::End => "the end of the query".to_owned(),
        }
    }
}

/// The first characters of something that a message quotes.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
