//! `spoor stats`: groups of records and what was measured of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cli::{StatsArgs, selection};
use crate::client::{Cell, Connection, Exit, Group, Ink, Output, Parameters, Result, Stats, Table};
use crate::client::{Moments, counted, duration, parse, plain, safe};

/// Prints a row for each group, or for each group and bucket of time.
pub(super) async fn stats(arguments: &StatsArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let mut parameters: Parameters = selection(&arguments.query, &arguments.range);
    parameters.push(("group_by", arguments.by.clone()));
    parameters.push(("select", Some(arguments.measures.clone())));
    parameters.push(("interval", arguments.interval.clone()));
    parameters.push(("order", arguments.order.clone()));
    parameters.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    let json = connection.json(&["stats"], &parameters).await?;
    let answer: Stats = parse(&json)?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else if !answer.groups.is_empty() {
        let by = arguments.by.as_deref().unwrap_or_default();
        let order = Order::new(by, &arguments.measures, &answer.groups);
        output.write(&table(&answer.groups, &order, &output.moments).show(output.paint))?;
    }
    if answer.groups.is_empty() {
        output.note("nothing found")?;
        return Ok(Exit::NothingFound);
    }
    output.flush()?;
    for (field, number) in &answer.ignored {
        let records = counted(*number, "record", "records");
        output
            .note(&format!("{records} left out of `{}`, whose value is no number", field.escape_debug()))?;
    }
    for measure in &answer.approximate {
        output.note(&format!("`{}` is estimated", measure.escape_debug()))?;
    }
    if answer.truncated > 0 {
        let groups = counted(answer.truncated, "group", "groups");
        output.note(&format!("{groups} left out; see --limit"))?;
    }
    Ok(Exit::Done)
}

/// Columns, in the order they were asked for.
struct Order {
    by: Vec<String>,
    measures: Vec<String>,
}

impl Order {
    /// The names that the answer uses; those it writes in another way come last.
    fn new(by: &str, measures: &str, groups: &[Group]) -> Self {
        let fields: BTreeSet<&String> = groups.iter().flat_map(|group| group.by.keys()).collect();
        let values: BTreeSet<&String> = groups.iter().flat_map(|group| group.values.keys()).collect();
        Self { by: ordered(&names(by), &fields), measures: ordered(&names(measures), &values) }
    }
}

fn ordered(asked: &[String], answered: &BTreeSet<&String>) -> Vec<String> {
    let known = asked.iter().filter(|name| answered.contains(name));
    let others = answered.iter().copied().filter(|name| !asked.contains(name));
    known.chain(others).cloned().collect()
}

/// A list with commas between; commas in parentheses are part of a name.
fn names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_usize;
    for character in list.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match names.last_mut() {
            Some(name) if character != ',' || depth > 0 => name.push(character),
            _ => names.push(String::new()),
        }
    }
    names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn table(groups: &[Group], order: &Order, moments: &Moments) -> Table {
    let is_series = groups.iter().any(|group| !group.series.is_empty());
    let headings = order.by.iter().chain(&order.measures).map(|name| name.to_uppercase());
    let headings: Vec<String> = is_series.then(|| "START".to_owned()).into_iter().chain(headings).collect();
    let mut table = Table::new(headings.iter().map(String::as_str));
    for group in groups {
        let by: Vec<Cell> = order.by.iter().map(|name| field(group.by.get(name))).collect();
        if !is_series {
            table.row(by.into_iter().chain(measures(&group.values, order)).collect());
            continue;
        }
        for bucket in &group.series {
            let start = Cell::text(&moments.show(bucket.start)).ink(Ink::Quiet);
            let values = measures(&bucket.values, order);
            table.row(std::iter::once(start).chain(by.iter().cloned()).chain(values).collect());
        }
    }
    table
}

/// What a group has in common; records without the field have `-`.
fn field(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::text("-").ink(Ink::Quiet),
        Some(value) => Cell::text(&plain(value)),
    }
}

fn measures(values: &BTreeMap<String, Value>, order: &Order) -> Vec<Cell> {
    order.measures.iter().map(|name| Cell::number(measure(name, values.get(name)))).collect()
}

fn measure(name: &str, value: Option<&Value>) -> String {
    let number = value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    match (value, number) {
        (None | Some(Value::Null), _) => "-".to_owned(),
        // Durations are nanoseconds in the API; nobody reads those.
        (_, Some(nanos)) if name.contains("(duration)") && !name.starts_with("distinct") => {
            duration(nanos.max(0.0) as u64)
        }
        (_, Some(number)) if number.fract() != 0.0 => format!("{number:.4}"),
        (Some(value), _) => safe(&plain(value)).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::Paint;

    #[test]
    fn lists_keep_commas_in_parentheses() {
        assert_eq!(
            names("count, ratio(a:(b,c)),p95(duration)"),
            ["count", "ratio(a:(b,c))", "p95(duration)"]
        );
        assert!(names("").is_empty());
    }

    #[test]
    fn groups_are_rows_and_series_are_rows_of_groups() {
        let groups: Vec<Group> = serde_json::from_value(json!([
            {"by": {"service": "cart"}, "values": {"rate": 0.123456, "count": 12, "p95(duration)": 1_500_000}},
            {"by": {"service": null}, "values": {"rate": 2, "count": 3, "p95(duration)": null}},
        ]))
        .unwrap();
        // A measure that is written in another way than it was asked for is shown all the same.
        let order = Order::new("service", "count, p95( duration )", &groups);
        assert_eq!(
            table(&groups, &order, &Moments::Exact).show(Paint { on: false }),
            "SERVICE  COUNT  P95(DURATION)    RATE\n\
             cart        12         1.5 ms  0.1235\n\
             -            3              -       2\n"
        );
        let groups: Vec<Group> = serde_json::from_value(json!([{
            "by": {"service": "pay\n"}, "values": {"count": 3}, "series": [
                {"start": "1768464000000000000", "values": {"count": 1}},
                {"start": "1768464060000000000", "values": {"count": 2}},
            ],
        }]))
        .unwrap();
        let order = Order::new("service", "count", &groups);
        assert_eq!(
            table(&groups, &order, &Moments::Exact).show(Paint { on: false }),
            "START                           SERVICE  COUNT\n\
             2026-01-15T08:00:00.000000000Z  pay\\n        1\n\
             2026-01-15T08:01:00.000000000Z  pay\\n        2\n"
        );
    }
}
