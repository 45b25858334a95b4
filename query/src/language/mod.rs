//! The search language: text to a tree and back. Pure; knows no field by name and no stored type.
//!
//! ```text
//! query   = or
//! or      = and { "OR" and }
//! and     = unary { [ "AND" ] unary }
//! unary   = ( "NOT" | "-" ) unary | "(" or ")" | field ":" value | word | phrase | prefix "*"
//! value   = "*" | word | phrase | glob | "/" regex "/" | compare ( word | phrase ) | range | "(" values ")"
//! compare = ">=" | ">" | "<=" | "<"
//! range   = ( "[" | "{" ) bound "TO" bound ( "]" | "}" )
//! values  = as `or`, over values
//! ```
//! `docs/search.md` tells it to people.

pub mod ast;
mod format;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod token;

pub use ast::{At, Bound, Comparison, Expr, Node, Text, Value, ValueNode};
pub use parser::{DEPTH_MAX, LENGTH_MAX, TERMS_MAX, parse};
pub use token::SyntaxError;
pub(crate) use token::shorten as quote;
