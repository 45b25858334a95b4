//! The tree to text that parses to the same tree.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{Bound, Expr, Node, Text, Value, ValueNode};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::All => f.write_char('*'),
            Node::And(parts) => {
                separated(f, parts, " ", |part| matches!(part.node, Node::And(_) | Node::Or(_)))
            }
            Node::Or(parts) => separated(f, parts, " OR ", |part| matches!(part.node, Node::Or(_))),
            Node::Not(inner) => {
                f.write_str("NOT ")?;
                grouped(f, inner, matches!(inner.node, Node::And(_) | Node::Or(_)))
            }
            Node::Text(Text::Word(word)) => write_word(f, word, ":"),
            Node::Text(Text::Phrase(text)) => write_phrase(f, text),
            Node::Text(Text::Prefix(prefix)) => {
                write_word(f, prefix, ":")?;
                f.write_char('*')
            }
            Node::Field { name, value } => {
                if is_plain_name(name) {
                    f.write_str(name)?;
                } else {
                    write_phrase(f, name)?;
                }
                f.write_char(':')?;
                grouped(
                    f,
                    value,
                    matches!(value.node, ValueNode::And(_) | ValueNode::Or(_) | ValueNode::Not(_)),
                )
            }
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            ValueNode::Exists => f.write_char('*'),
            ValueNode::Word(word) => write_word(f, word, ""),
            ValueNode::Phrase(text) => write_phrase(f, text),
            ValueNode::Prefix(prefix) => {
                write_word(f, prefix, "")?;
                f.write_char('*')
            }
            ValueNode::Glob(pieces) => {
                for (index, piece) in pieces.iter().enumerate() {
                    if index > 0 {
                        f.write_char('*')?;
                    }
                    write_word(f, piece, "")?;
                }
                Ok(())
            }
            ValueNode::Regex(pattern) => write!(f, "/{}/", pattern.replace('/', "\\/")),
            ValueNode::Compare(comparison, operand) => {
                f.write_str(comparison.as_str())?;
                write_operand(f, operand)
            }
            ValueNode::Range { low, high } => {
                f.write_char(if low.included { '[' } else { '{' })?;
                write_bound(f, low)?;
                f.write_str(" TO ")?;
                write_bound(f, high)?;
                f.write_char(if high.included { ']' } else { '}' })
            }
            ValueNode::And(parts) => {
                separated(f, parts, " AND ", |part| matches!(part.node, ValueNode::And(_) | ValueNode::Or(_)))
            }
            ValueNode::Or(parts) => separated(f, parts, " OR ", |part| matches!(part.node, ValueNode::Or(_))),
            ValueNode::Not(inner) => {
                f.write_str("NOT ")?;
                grouped(f, inner, matches!(inner.node, ValueNode::And(_) | ValueNode::Or(_)))
            }
        }
    }
}

fn separated<T: Display>(
    f: &mut Formatter<'_>,
    parts: &[T],
    separator: &str,
    needs_group: impl Fn(&T) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        grouped(f, part, needs_group(part))?;
    }
    Ok(())
}

fn grouped(f: &mut Formatter<'_>, inner: &impl Display, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({inner})") } else { write!(f, "{inner}") }
}

/// Writes a word; `more` are characters to escape besides those that always are.
fn write_word(f: &mut Formatter<'_>, word: &str, more: &str) -> fmt::Result {
    if matches!(word, "AND" | "OR" | "NOT" | "TO") {
        f.write_char('\\')?;
    }
    for (index, character) in word.chars().enumerate() {
        let special = character.is_whitespace()
            || "()\"\\*".contains(character)
            || more.contains(character)
            || (index == 0 && "-/[{<>".contains(character));
        if special {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    Ok(())
}

fn write_phrase(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        if character == '"' || character == '\\' {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}

fn write_bound(f: &mut Formatter<'_>, bound: &Bound) -> fmt::Result {
    match &bound.text {
        None => f.write_char('*'),
        Some(text) => write_operand(f, text),
    }
}

fn write_operand(f: &mut Formatter<'_>, operand: &str) -> fmt::Result {
    let plain = operand.starts_with(char::is_alphanumeric)
        && operand.chars().all(|character| character.is_alphanumeric() || "._-:+".contains(character))
        && !matches!(operand, "AND" | "OR" | "NOT" | "TO");
    if plain { f.write_str(operand) } else { write_phrase(f, operand) }
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || "_@$".contains(first))
        && name.chars().all(|character| character.is_alphanumeric() || "._-/@$".contains(character))
}
