//! The characters a flow is drawn with.

/// One set of characters.
#[derive(Debug)]
pub(super) struct Glyphs {
    /// A span with more of its siblings to come; the last; the line past a row to those to come.
    pub(super) branch: &'static str,
    pub(super) last: &'static str,
    pub(super) through: &'static str,
    /// A cell of a bar, and what a bar ends in: empty to almost full.
    pub(super) full: char,
    pub(super) parts: &'static [char],
    /// Time in a queue.
    pub(super) queue: char,
    /// A moment.
    pub(super) moment: char,
    /// Time that is cut out.
    pub(super) gap: char,
    /// Something failed.
    pub(super) failed: &'static str,
    /// Where something was linked from.
    pub(super) linked: &'static str,
    /// A heading.
    pub(super) rule: char,
    /// Between things in a list.
    pub(super) between: &'static str,
    /// The state.
    pub(super) state: &'static str,
}

const ASCII: Glyphs = Glyphs {
    branch: "|-",
    last: "`-",
    through: "| ",
    full: '=',
    parts: &['='],
    queue: '.',
    moment: '*',
    gap: '~',
    failed: "!",
    linked: "<-",
    rule: '-',
    between: " | ",
    state: "",
};

const UNICODE: Glyphs = Glyphs {
    branch: "├─",
    last: "└─",
    through: "│ ",
    full: '█',
    parts: &['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
    queue: '╌',
    moment: '•',
    gap: '┊',
    failed: "✗",
    linked: "⇠",
    rule: '─',
    between: " · ",
    state: "● ",
};

impl Glyphs {
    pub(super) fn of(ascii: bool) -> &'static Self {
        if ascii { &ASCII } else { &UNICODE }
    }
}
