//! The table: Spoor's figures beside its targets and its peers.

use crate::figures::{Figure, Figures};
use crate::peers::{self, PEERS};
use crate::targets::{Goal, ROWS, Row};

/// The table's lines, columns aligned.
pub fn lines(figures: &Figures) -> Vec<String> {
    let mut header =
        vec!["measure".to_owned(), "Spoor".to_owned(), "target".to_owned(), "stretch".to_owned()];
    header.extend(PEERS.map(str::to_owned));
    let mut cells = vec![header];
    for row in ROWS {
        let Some(figure) = figures.measures.get(&row.measure) else { continue };
        let (target, stretch) = goal_text(&row);
        let mut line = vec![row.label.to_owned(), value_text(&row, figure), target, stretch];
        line.extend(peers::figures(row.measure).map(str::to_owned));
        cells.push(line);
    }
    align(&cells)
}

/// The labels of the targets that were missed.
pub fn missed(figures: &Figures) -> Vec<&'static str> {
    let missed = |row: &&Row| figures.value(row.measure).and_then(|value| row.goal.met(value)) == Some(false);
    ROWS.iter().filter(missed).map(|row| row.label).collect()
}

fn value_text(row: &Row, figure: &Figure) -> String {
    let mut text = number(figure.value, row.digits);
    if let Some(note) = &figure.note {
        text.push_str(&format!(" ({note})"));
    }
    match (row.goal.met(figure.value), row.goal.stretched(figure.value)) {
        (Some(true), Some(true)) => text + " ✔✔",
        (Some(true), _) => text + " ✔",
        (Some(false), _) => text + " ✘",
        (None, _) => text,
    }
}

fn goal_text(row: &Row) -> (String, String) {
    let (sign, target, stretch) = match row.goal {
        Goal::AtLeast(target, stretch) => ("≥ ", target, stretch),
        Goal::AtMost(target, stretch) => ("≤ ", target, stretch),
        Goal::Told => return ("–".to_owned(), "–".to_owned()),
    };
    let shown = |value: f64| format!("{sign}{}", number(value, if value.fract() == 0.0 { 0 } else { 1 }));
    (shown(target), stretch.map_or("–".to_owned(), shown))
}

/// A number with thousands separators.
fn number(value: f64, digits: usize) -> String {
    let plain = format!("{value:.digits$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (position, character) in whole.chars().enumerate() {
        let left = whole.len() - position;
        if position > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(character);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

fn align(cells: &[Vec<String>]) -> Vec<String> {
    let columns = cells.first().map_or(0, Vec::len);
    let width = |column: usize| cells.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::with_capacity(cells.len() + 1);
    for (position, line) in cells.iter().enumerate() {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.chars().count()))
            .collect();
        lines.push(format!("| {} |", padded.join(" | ")));
        if position == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(format!("| {} |", rule.join(" | ")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Measure;

    #[test]
    fn a_value_stands_beside_its_target_and_says_whether_it_is_met() {
        let mut figures = Figures::default();
        figures.set(Measure::IngestRate, 312_345.6);
        figures.set_noted(Measure::FlowP99, 13.25, "200 flows".to_owned());
        figures.set(Measure::CpuPerRecord, 2.0);
        let lines = lines(&figures);
        assert_eq!(lines.len(), 5);
        assert!(lines[2].contains("| 312,346 ✔ ") && lines[2].contains("≥ 300,000"), "{}", lines[2]);
        assert!(lines[3].contains("| 2.00 ✔✔ "), "{}", lines[3]);
        assert!(lines[4].contains("| 13.25 (200 flows) ✘ ") && lines[4].contains("4,409"), "{}", lines[4]);
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
        assert_eq!(missed(&figures), ["id → whole flow, p99 ms"]);
    }

    #[test]
    fn every_measure_has_one_row_in_order() {
        assert!(ROWS.windows(2).all(|pair| pair[0].measure < pair[1].measure));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(number(-1_234.0, 0), "-1,234");
        assert_eq!(number(999.0, 0), "999");
    }
}
