//! Text to tokens. What a character means depends on where it stands, so the parser asks for each token in a [`Mode`].

use super::ast::{At, Comparison};
use super::token::{Lexed, SyntaxError, Token};

/// Where the parser stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Where a condition may begin: `name:` is a field.
    Condition,
    /// Where a field's value may begin: ranges, comparisons and regexes are known, `:` is a character.
    Value,
    /// Inside a range.
    Bound,
}

/// Reads tokens off a query's text; copying it is cheap and remembers the place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether a space, or the end, comes next.
    pub(super) fn at_space(&self) -> bool {
        self.peek().is_none_or(char::is_whitespace)
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn next(&mut self, mode: Mode) -> Result<Lexed, SyntaxError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        let start = self.position;
        let token = match self.peek() {
            None => Token::End,
            Some('"') => self.phrase()?,
            Some('(') if mode != Mode::Bound => self.single(Token::Open),
            Some(')') if mode != Mode::Bound => self.single(Token::Close),
            Some(']') if mode == Mode::Bound => self.single(Token::RangeClose { included: true }),
            Some('}') if mode == Mode::Bound => self.single(Token::RangeClose { included: false }),
            Some('[') if mode == Mode::Value => self.single(Token::RangeOpen { included: true }),
            Some('{') if mode == Mode::Value => self.single(Token::RangeOpen { included: false }),
            Some('>') if mode == Mode::Value => self.comparison(Comparison::Greater, Comparison::AtLeast),
            Some('<') if mode == Mode::Value => self.comparison(Comparison::Less, Comparison::AtMost),
            Some('/') if mode == Mode::Value => match self.regex() {
                Some(token) => token,
                None => self.word(mode),
            },
            Some('-') if mode != Mode::Bound && self.is_minus() => self.single(Token::Minus),
            Some(_) => self.word(mode),
        };
        let at = At { start, end: self.position };
        if let Token::Phrase(name) = &token
            && mode == Mode::Condition
            && self.peek() == Some(':')
        {
            self.bump();
            return Ok(Lexed { at, token: Token::Field(name.clone()) });
        }
        Ok(Lexed { at, token })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        Some(character)
    }

    fn single(&mut self, token: Token) -> Token {
        self.bump();
        token
    }

    /// A minus negates what it touches; alone it is a word.
    fn is_minus(&self) -> bool {
        self.rest().chars().nth(1).is_some_and(|next| !next.is_whitespace() && next != ')')
    }

    fn comparison(&mut self, strict: Comparison, loose: Comparison) -> Token {
        self.bump();
        if self.peek() == Some('=') {
            self.bump();
            Token::Compare(loose)
        } else {
            Token::Compare(strict)
        }
    }

    /// `\"` and `\\` are escapes; any other backslash is itself, so that a path can be pasted.
    fn phrase(&mut self) -> Result<Token, SyntaxError> {
        let start = self.position;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => {
                    let message = "the phrase that begins here has no closing `\"`";
                    return Err(SyntaxError::new(self.text, start, message, &["\""]));
                }
                Some('"') => return Ok(Token::Phrase(text)),
                Some('\\') => match self.peek() {
                    Some(escaped @ ('"' | '\\')) => {
                        self.bump();
                        text.push(escaped);
                    }
                    _ => text.push('\\'),
                },
                Some(character) => text.push(character),
            }
        }
    }

    /// A regex ends at a slash that ends the value too, so that a path such as `/api/v1` stays a word.
    fn regex(&mut self) -> Option<Token> {
        let start = *self;
        self.bump();
        let mut pattern = String::new();
        loop {
            match self.bump() {
                Some('/') if self.peek().is_none_or(|next| next.is_whitespace() || next == ')') => {
                    if pattern.is_empty() {
                        break;
                    }
                    return Some(Token::Regex(pattern));
                }
                Some('\\') => match self.bump() {
                    Some('/') => pattern.push('/'),
                    Some(escaped) => pattern.extend(['\\', escaped]),
                    None => break,
                },
                Some('/') | None => break,
                Some(character) => pattern.push(character),
            }
        }
        *self = start;
        None
    }

    fn word(&mut self, mode: Mode) -> Token {
        let start = self.position;
        let mut pieces = vec![String::new()];
        let mut escaped = false;
        while let Some(character) = self.peek() {
            if ends_word(character, mode) {
                break;
            }
            if character == ':' && mode == Mode::Condition && self.ends_field_name(start) {
                self.bump();
                return Token::Field(pieces.join("*"));
            }
            self.bump();
            match character {
                '*' => pieces.push(String::new()),
                '\\' => {
                    escaped = true;
                    push(&mut pieces, self.bump().unwrap_or('\\'));
                }
                other => push(&mut pieces, other),
            }
        }
        match pieces.as_slice() {
            [word] if !escaped => keyword(word, mode).unwrap_or(Token::Word(pieces)),
            _ => Token::Word(pieces),
        }
    }

    /// Whether what stands since `start` names a field. `https://…` and `12:30:45` are words.
    fn ends_field_name(&self, start: usize) -> bool {
        let name = self.text.get(start..self.position).unwrap_or_default();
        let begins = name.starts_with(|first: char| first.is_alphabetic() || "_@$".contains(first));
        begins && !name.contains('*') && !self.rest().starts_with("://")
    }
}

fn ends_word(character: char, mode: Mode) -> bool {
    character.is_whitespace()
        || match mode {
            Mode::Condition | Mode::Value => "()\"".contains(character),
            Mode::Bound => "]}\"".contains(character),
        }
}

fn push(pieces: &mut [String], character: char) {
    if let Some(last) = pieces.last_mut() {
        last.push(character);
    }
}

fn keyword(word: &str, mode: Mode) -> Option<Token> {
    match (word, mode) {
        ("TO", Mode::Bound) => Some(Token::To),
        ("AND", Mode::Condition | Mode::Value) => Some(Token::And),
        ("OR", Mode::Condition | Mode::Value) => Some(Token::Or),
        ("NOT", Mode::Condition | Mode::Value) => Some(Token::Not),
        _ => None,
    }
}
