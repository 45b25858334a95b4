//! One line: pieces of text in columns, then coloured.

use super::super::paint::{Ink, Paint};
use super::super::text::{cut, width};

/// A line that is put together from left to right and never passes its columns.
#[derive(Debug)]
pub(super) struct Line {
    pieces: Vec<(Ink, String)>,
    used: usize,
    columns: usize,
    ascii: bool,
}

impl Line {
    pub(super) fn new(columns: usize, ascii: bool) -> Self {
        Self { pieces: Vec::new(), used: 0, columns, ascii }
    }

    /// Columns that are taken.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Adds safe text, cut where the line ends.
    pub(super) fn put(&mut self, ink: Ink, text: &str) {
        self.put_within(ink, text, self.columns);
    }

    /// Adds safe text, cut where column `end` begins.
    pub(super) fn put_within(&mut self, ink: Ink, text: &str, end: usize) {
        let room = end.min(self.columns).saturating_sub(self.used);
        let text = cut(text, room, self.ascii);
        self.used += width(&text);
        self.pieces.push((ink, text.into_owned()));
    }

    /// Goes on to `column`, unless it is passed already.
    pub(super) fn go_to(&mut self, column: usize) {
        self.fill(' ', column, Ink::Plain);
    }

    /// Repeats a character up to `column`.
    pub(super) fn fill(&mut self, character: char, column: usize, ink: Ink) {
        let column = column.min(self.columns);
        if column > self.used {
            self.pieces.push((ink, character.to_string().repeat(column - self.used)));
            self.used = column;
        }
    }

    /// Adds text that ends in the last column.
    pub(super) fn put_right(&mut self, ink: Ink, text: &str) {
        self.go_to(self.columns.saturating_sub(width(text)));
        self.put(ink, text);
    }

    /// The text, with its end and without spaces before it.
    pub(super) fn show(mut self, paint: Paint) -> String {
        while let Some((ink, text)) = self.pieces.pop() {
            let kept = text.trim_end();
            if !kept.is_empty() {
                self.pieces.push((ink, kept.to_owned()));
                break;
            }
        }
        let mut out: String = self.pieces.iter().map(|(ink, text)| paint.paint(*ink, text)).collect();
        out.push('\n');
        out
    }
}
