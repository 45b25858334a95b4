//! Tokens to the tree: recursive descent, bounded in length, depth and number of conditions.

use super::ast::{At, Bound, Expr, Node, Text, Value, ValueNode};
use super::lexer::{Lexer, Mode};
use super::token::{Lexed, SyntaxError, Token};

/// Longest query, in bytes.
pub const LENGTH_MAX: usize = 64 << 10;

/// Deepest nesting of parentheses and negations.
pub const DEPTH_MAX: usize = 64;

/// Most conditions in one query.
pub const TERMS_MAX: usize = 1_000;

const CONDITIONS: &[&str] = &["a word", "a \"phrase\"", "field:value", "NOT", "("];
const VALUES: &[&str] = &["a word", "a \"phrase\"", "*", ">=", "[a TO b]", "/regex/", "("];

/// Parses a query.
///
/// # Errors
/// What is wrong, where, and what was expected there.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > LENGTH_MAX {
        let message = format!("the query is {} bytes long; {LENGTH_MAX} is the most", text.len());
        return Err(SyntaxError::new(text, LENGTH_MAX, message, &["a shorter query"]));
    }
    let mut parser = Parser { lexer: Lexer::new(text), depth: 0, terms: 0 };
    if parser.peek(Mode::Condition)?.token == Token::End {
        return Ok(Expr { at: At { start: 0, end: text.len() }, node: Node::All });
    }
    let expr = parser.or()?;
    let end = parser.next(Mode::Condition)?;
    match end.token {
        Token::End => Ok(expr),
        Token::Close => Err(parser.error(end.at, "this `)` closes nothing", &["the end of the query"])),
        other => Err(parser.unexpected(end.at, &other, CONDITIONS)),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    terms: usize,
}

impl Parser<'_> {
    fn next(&mut self, mode: Mode) -> Result<Lexed, SyntaxError> {
        self.lexer.next(mode)
    }

    fn peek(&self, mode: Mode) -> Result<Lexed, SyntaxError> {
        let mut ahead = self.lexer;
        ahead.next(mode)
    }

    fn error(&self, at: At, message: impl Into<String>, expected: &[&str]) -> SyntaxError {
        SyntaxError::new(self.lexer.text(), at.start, message, expected)
    }

    fn unexpected(&self, at: At, found: &Token, expected: &[&str]) -> SyntaxError {
        let (last, others) = expected.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
        let list =
            if others.is_empty() { last.to_owned() } else { format!("{} or {last}", others.join(", ")) };
        self.error(at, format!("expected {list}, found {}", found.describe()), expected)
    }

    fn deeper(&mut self, at: At) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("the query is nested more than {DEPTH_MAX} deep");
            return Err(self.error(at, message, &["fewer parentheses"]));
        }
        Ok(())
    }

    fn count(&mut self, at: At) -> Result<(), SyntaxError> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let message = format!("the query has more than {TERMS_MAX} conditions");
            return Err(self.error(at, message, &["fewer conditions"]));
        }
        Ok(())
    }

    fn or(&mut self) -> Result<Expr, SyntaxError> {
        let mut parts = vec![self.and()?];
        while self.peek(Mode::Condition)?.token == Token::Or {
            self.next(Mode::Condition)?;
            parts.push(self.and()?);
        }
        Ok(join(parts, |expr| expr.at, Node::Or, |at, node| Expr { at, node }))
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        let mut parts = vec![self.unary()?];
        loop {
            match self.peek(Mode::Condition)?.token {
                Token::Or | Token::Close | Token::End => break,
                Token::And => {
                    self.next(Mode::Condition)?;
                }
                _ => {}
            }
            parts.push(self.unary()?);
        }
        Ok(join(parts, |expr| expr.at, Node::And, |at, node| Expr { at, node }))
    }

    fn unary(&mut self) -> Result<Expr, SyntaxError> {
        let Lexed { at, token } = self.next(Mode::Condition)?;
        let node = match token {
            Token::Not | Token::Minus => {
                self.deeper(at)?;
                let inner = self.unary()?;
                self.depth -= 1;
                Node::Not(Box::new(inner))
            }
            Token::Open => {
                self.deeper(at)?;
                let inner = self.or()?;
                self.close(at, Mode::Condition)?;
                self.depth -= 1;
                return Ok(inner);
            }
            Token::Field(name) => {
                let value = self.field_value(&name)?;
                let at = At { start: at.start, end: self.lexer.position() };
                return Ok(Expr { at, node: Node::Field { name, value } });
            }
            Token::Word(pieces) => self.text(at, pieces)?,
            Token::Phrase(text) => Node::Text(Text::Phrase(text)),
            other => return Err(self.unexpected(at, &other, CONDITIONS)),
        };
        self.count(at)?;
        Ok(Expr { at: At { start: at.start, end: self.lexer.position() }, node })
    }

    fn text(&self, at: At, mut pieces: Vec<String>) -> Result<Node, SyntaxError> {
        match pieces.as_mut_slice() {
            [word] => Ok(Node::Text(Text::Word(std::mem::take(word)))),
            [prefix, end] if end.is_empty() && prefix.is_empty() => Ok(Node::All),
            [prefix, end] if end.is_empty() => Ok(Node::Text(Text::Prefix(std::mem::take(prefix)))),
            _ => {
                let message =
                    "a word takes `*` only at its end; name a field to use it elsewhere, or write `\\*`";
                Err(self.error(at, message, &["word*", "field:a*b"]))
            }
        }
    }

    fn close(&mut self, opened: At, mode: Mode) -> Result<(), SyntaxError> {
        let found = self.next(mode)?;
        match found.token {
            Token::Close => Ok(()),
            Token::End => Err(self.error(opened, "this `(` is never closed", &[")"])),
            other => Err(self.unexpected(found.at, &other, &[")"])),
        }
    }

    fn field_value(&mut self, name: &str) -> Result<Value, SyntaxError> {
        if self.lexer.at_space() {
            let after = At { start: self.lexer.position(), end: self.lexer.position() };
            let message = format!(
                "expected a value right after `{name}:` (for text with a colon, write quotes around it)"
            );
            return Err(self.error(after, message, VALUES));
        }
        self.value()
    }

    fn values_or(&mut self) -> Result<Value, SyntaxError> {
        let mut parts = vec![self.values_and()?];
        while self.peek(Mode::Value)?.token == Token::Or {
            self.next(Mode::Value)?;
            parts.push(self.values_and()?);
        }
        Ok(join(parts, |value| value.at, ValueNode::Or, |at, node| Value { at, node }))
    }

    fn values_and(&mut self) -> Result<Value, SyntaxError> {
        let mut parts = vec![self.values_unary()?];
        loop {
            match self.peek(Mode::Value)?.token {
                Token::Or | Token::Close | Token::End => break,
                Token::And => {
                    self.next(Mode::Value)?;
                }
                _ => {}
            }
            parts.push(self.values_unary()?);
        }
        Ok(join(parts, |value| value.at, ValueNode::And, |at, node| Value { at, node }))
    }

    fn values_unary(&mut self) -> Result<Value, SyntaxError> {
        let ahead = self.peek(Mode::Value)?;
        if !matches!(ahead.token, Token::Not | Token::Minus) {
            return self.value();
        }
        self.next(Mode::Value)?;
        self.deeper(ahead.at)?;
        let inner = self.values_unary()?;
        self.depth -= 1;
        let at = At { start: ahead.at.start, end: inner.at.end };
        Ok(Value { at, node: ValueNode::Not(Box::new(inner)) })
    }

    fn value(&mut self) -> Result<Value, SyntaxError> {
        let Lexed { at, token } = self.next(Mode::Value)?;
        self.count(at)?;
        let node = match token {
            Token::Open => {
                self.deeper(at)?;
                let inner = self.values_or()?;
                self.close(at, Mode::Value)?;
                self.depth -= 1;
                return Ok(inner);
            }
            Token::Word(pieces) => word_value(pieces),
            // A minus before a field's own value is a sign.
            Token::Minus => match self.next(Mode::Value)?.token {
                Token::Word(mut pieces) => {
                    if let Some(first) = pieces.first_mut() {
                        first.insert(0, '-');
                    }
                    word_value(pieces)
                }
                other => return Err(self.unexpected(at, &other, VALUES)),
            },
            Token::Phrase(text) => ValueNode::Phrase(text),
            Token::Regex(pattern) => ValueNode::Regex(pattern),
            Token::Compare(comparison) => ValueNode::Compare(comparison, self.operand(comparison.as_str())?),
            Token::RangeOpen { included } => self.range(included)?,
            // Keywords right after a colon are words.
            Token::And => ValueNode::Word("AND".to_owned()),
            Token::Or => ValueNode::Word("OR".to_owned()),
            Token::Not => ValueNode::Word("NOT".to_owned()),
            other => return Err(self.unexpected(at, &other, VALUES)),
        };
        Ok(Value { at: At { start: at.start, end: self.lexer.position() }, node })
    }

    fn operand(&mut self, comparison: &str) -> Result<String, SyntaxError> {
        let found = self.next(Mode::Value)?;
        match found.token {
            Token::Word(mut pieces) if pieces.len() == 1 => Ok(std::mem::take(&mut pieces[0])),
            Token::Phrase(text) => Ok(text),
            Token::Minus => match self.next(Mode::Value)?.token {
                Token::Word(pieces) if pieces.len() == 1 => Ok(format!("-{}", pieces[0])),
                other => Err(self.unexpected(found.at, &other, &["a number"])),
            },
            other => {
                let message = format!("expected a value after `{comparison}`, found {}", other.describe());
                Err(self.error(found.at, message, &["a number", "a word", "a \"phrase\""]))
            }
        }
    }

    fn range(&mut self, low_included: bool) -> Result<ValueNode, SyntaxError> {
        let low = self.bound()?;
        let to = self.next(Mode::Bound)?;
        if to.token != Token::To {
            return Err(self.unexpected(to.at, &to.token, &["TO"]));
        }
        let high = self.bound()?;
        let close = self.next(Mode::Bound)?;
        let Token::RangeClose { included: high_included } = close.token else {
            return Err(self.unexpected(close.at, &close.token, &["]", "}"]));
        };
        Ok(ValueNode::Range {
            low: Bound { text: low, included: low_included },
            high: Bound { text: high, included: high_included },
        })
    }

    fn bound(&mut self) -> Result<Option<String>, SyntaxError> {
        let found = self.next(Mode::Bound)?;
        match found.token {
            Token::Phrase(text) => Ok(Some(text)),
            Token::Word(mut pieces) => match pieces.as_mut_slice() {
                [word] => Ok(Some(std::mem::take(word))),
                [before, after] if before.is_empty() && after.is_empty() => Ok(None),
                _ => Err(self.error(
                    found.at,
                    "a bound takes no `*` but alone, for an open end",
                    &["a value", "*"],
                )),
            },
            other => Err(self.unexpected(found.at, &other, &["a value", "*"])),
        }
    }
}

fn word_value(mut pieces: Vec<String>) -> ValueNode {
    match pieces.as_mut_slice() {
        [word] => ValueNode::Word(std::mem::take(word)),
        [prefix, end] if end.is_empty() && prefix.is_empty() => ValueNode::Exists,
        [prefix, end] if end.is_empty() => ValueNode::Prefix(std::mem::take(prefix)),
        _ => ValueNode::Glob(pieces),
    }
}

/// One part is itself; several are joined.
fn join<T, N>(
    mut parts: Vec<T>,
    at_of: impl Fn(&T) -> At,
    node: impl Fn(Vec<T>) -> N,
    build: impl Fn(At, N) -> T,
) -> T {
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    let start = parts.first().map_or(0, |first| at_of(first).start);
    let end = parts.last().map_or(0, |last| at_of(last).end);
    build(At { start, end }, node(parts))
}
