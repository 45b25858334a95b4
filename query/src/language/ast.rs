//! The tree a query is parsed into. [`std::fmt::Display`] writes it back as text that parses to the same tree.

/// Where in the query's text something stands, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct At {
    /// First byte.
    pub start: usize,
    /// Past the last byte.
    pub end: usize,
}

/// A condition on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// Where it stands.
    pub at: At,
    /// What it says.
    pub node: Node,
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Every record: an empty query, or `*`.
    All,
    /// All of at least two.
    And(Vec<Expr>),
    /// One of at least two.
    Or(Vec<Expr>),
    /// Not that.
    Not(Box<Expr>),
    /// In the log body or the span name.
    Text(Text),
    /// A field and what its value must satisfy.
    Field {
        /// Its name, as written.
        name: String,
        /// The condition on its value.
        value: Value,
    },
}

/// Text looked for without a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// `word`.
    Word(String),
    /// `"in a row"`.
    Phrase(String),
    /// `pre*`.
    Prefix(String),
}

/// A condition on a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Where it stands.
    pub at: At,
    /// What it says.
    pub node: ValueNode,
}

/// What a condition on a value says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueNode {
    /// `*`: there is one.
    Exists,
    /// `word`.
    Word(String),
    /// `"a b"`.
    Phrase(String),
    /// `pre*`.
    Prefix(String),
    /// `a*b`: the pieces between the stars; at least two, and not a [`ValueNode::Prefix`].
    Glob(Vec<String>),
    /// `/regex/`.
    Regex(String),
    /// `>=500`.
    Compare(Comparison, String),
    /// `[a TO b]`, `{a TO b}`, or mixed.
    Range {
        /// Lower bound.
        low: Bound,
        /// Upper bound.
        high: Bound,
    },
    /// All of at least two.
    And(Vec<Value>),
    /// One of at least two.
    Or(Vec<Value>),
    /// Not that.
    Not(Box<Value>),
}

/// An ordering between a record's value and the query's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The value; `None` for `*`, an open end.
    pub text: Option<String>,
    /// Whether the value itself is inside.
    pub included: bool,
}

impl Comparison {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
        }
    }
}
