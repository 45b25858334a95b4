//! Aligned columns under headings.

use super::paint::{Ink, Paint};
use super::text::{safe, width};

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    ink: Ink,
    right: bool,
}

/// Rows of cells; a column that is empty in every row is left out.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

impl Cell {
    /// Text, made safe to print.
    pub(crate) fn text(text: &str) -> Self {
        Self { text: safe(text).into_owned(), ink: Ink::Plain, right: false }
    }

    /// A number, which stands at the right of its column.
    pub(crate) fn number(text: impl Into<String>) -> Self {
        Self { text: text.into(), ink: Ink::Plain, right: true }
    }

    /// The same in a colour.
    pub(crate) fn ink(mut self, ink: Ink) -> Self {
        self.ink = ink;
        self
    }
}

impl Table {
    /// A table under headings; a heading stands as the cells below it do.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let headings = headings.into_iter().map(|heading| Cell::text(heading).ink(Ink::Strong)).collect();
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row, with a cell for each heading.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines.
    pub(crate) fn show(&self, paint: Paint) -> String {
        let cell = |row: &Vec<Cell>, column: usize| row.get(column).cloned();
        let mut lines = vec![String::new(); self.rows.len() + 1];
        for (column, heading) in self.headings.iter().enumerate() {
            let cells: Vec<Option<Cell>> = self.rows.iter().map(|row| cell(row, column)).collect();
            let filled = || cells.iter().flatten().filter(|cell| !cell.text.is_empty());
            if filled().next().is_none() {
                continue;
            }
            let heading = Cell { right: filled().all(|cell| cell.right), ..heading.clone() };
            let columns = filled().map(|cell| width(&cell.text)).max().unwrap_or(0).max(width(&heading.text));
            for (line, cell) in lines.iter_mut().zip(std::iter::once(Some(heading)).chain(cells)) {
                let cell = cell.unwrap_or_else(|| Cell::text(""));
                let fill = " ".repeat(columns - width(&cell.text));
                let painted = paint.paint(cell.ink, &cell.text);
                if !line.is_empty() {
                    line.push_str("  ");
                }
                line.push_str(&if cell.right { fill + &painted } else { painted + &fill });
            }
        }
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(["NAME", "OWNER", "COUNT"]);
        table.row(vec![Cell::text("漢字"), Cell::text(""), Cell::number("7")]);
        table.row(vec![Cell::text("a\nb"), Cell::text(""), Cell::number("1,234")]);
        assert_eq!(table.show(Paint { on: false }), "NAME  COUNT\n漢字      7\na\\nb  1,234\n");
    }
}
