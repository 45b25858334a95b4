//! `spoor stats`: groups of records and what was measured of each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::{StatsArgs, selection};
use crate::client::{Cell, Connection, Exit, Group, Ink, Output, Parameters, Result, Stats, Table};
use crate::client::{Moments, duration, parse, plain};

/// Prints a row for each group, or for each group and bucket of time.
pub(super) async fn stats(arguments: &StatsArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let mut parameters: Parameters = selection(&arguments.query, &arguments.range);
    parameters.push(("group_by", arguments.by.clone()));
    parameters.push(("select", Some(arguments.measures.clone())));
    parameters.push(("interval", arguments.interval.clone()));
    parameters.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    let json = connection.json(&["stats"], &parameters).await?;
    let answer: Stats = parse(&json)?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else if !answer.groups.is_empty() {
        let order = Order {
            by: names(arguments.by.as_deref().unwrap_or_default()),
            measures: names(&arguments.measures),
        };
        output.write(&table(&answer.groups, &order, &output.moments).show(output.paint))?;
    }
    if answer.groups.is_empty() {
        output.note("nothing found")?;
        return Ok(Exit::NothingFound);
    }
    output.flush()?;
    match &answer.truncated {
        Value::Null | Value::Bool(false) => {}
        Value::Number(number) if number.as_u64() == Some(0) => {}
        left_out => {
            output.note(&format!("groups were left out ({}); see --limit", plain(left_out).escape_debug()))?
        }
    }
    Ok(Exit::Done)
}

/// Columns in the order they were asked for.
struct Order {
    by: Vec<String>,
    measures: Vec<String>,
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
        let by = order.by.iter().map(|name| Cell::text(&group.by.get(name).map(plain).unwrap_or_default()));
        let by: Vec<Cell> = by.collect();
        if group.series.is_empty() {
            let start = is_series.then(|| Cell::text(""));
            table.row(start.into_iter().chain(by).chain(measures(&group.values, order)).collect());
            continue;
        }
        for bucket in &group.series {
            let start = bucket.get("start").or_else(|| bucket.get("time")).map(plain).unwrap_or_default();
            let start = start.parse().map_or(start, |nanos| moments.show(nanos));
            // Values stand in the bucket itself, or in a field of it.
            let inner: Option<BTreeMap<String, Value>> =
                bucket.get("values").and_then(|values| serde_json::from_value(values.clone()).ok());
            let values = measures(inner.as_ref().unwrap_or(bucket), order);
            let start = Cell::text(&start).ink(Ink::Quiet);
            table.row(std::iter::once(start).chain(by.iter().cloned()).chain(values).collect());
        }
    }
    table
}

fn measures(values: &BTreeMap<String, Value>, order: &Order) -> Vec<Cell> {
    let cell = |name: &String| match values.get(name) {
        None | Some(Value::Null) => Cell::number("-"),
        // Durations are nanoseconds in the API; nobody reads those.
        Some(value) if name.contains("(duration)") && !name.starts_with("distinct") => {
            let text = plain(value);
            Cell::number(text.parse::<f64>().map_or(text, |nanos| duration(nanos.max(0.0) as u64)))
        }
        Some(value) => Cell::number(crate::client::safe(&plain(value)).into_owned()),
    };
    order.measures.iter().map(cell).collect()
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
        let order = Order { by: names("service"), measures: names("count,p95(duration)") };
        let groups: Vec<Group> = serde_json::from_value(json!([
            {"by": {"service": "cart"}, "values": {"count": 12, "p95(duration)": "1500000"}},
            {"by": {"service": "pay\n"}, "values": {"count": 3, "p95(duration)": null}},
        ]))
        .unwrap();
        assert_eq!(
            table(&groups, &order, &Moments::Exact).show(Paint { on: false }),
            "SERVICE  COUNT  P95(DURATION)\ncart        12         1.5 ms\npay\\n        3              -\n"
        );
        let groups: Vec<Group> = serde_json::from_value(json!([{
            "by": {"service": "cart"},
            "series": [{"start": "1768464000000000000", "count": 1}, {"start": "1768464060000000000", "values": {"count": 2}}],
        }]))
        .unwrap();
        let order = Order { by: names("service"), measures: names("count") };
        assert_eq!(
            table(&groups, &order, &Moments::Exact).show(Paint { on: false }),
            "START                           SERVICE  COUNT\n\
             2026-01-15T08:00:00.000000000Z  cart         1\n\
             2026-01-15T08:01:00.000000000Z  cart         2\n"
        );
    }
}
