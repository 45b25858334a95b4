//! `spoor services`: who sent something, how much, how fast, how often it failed.

use serde_json::Value;

use crate::cli::ServicesArgs;
use crate::client::{Cell, Connection, Exit, Ink, Output, Result, Services, Table, count, duration, parse};

/// Prints a row for each service.
pub(super) async fn services(arguments: &ServicesArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let mut output = Output::new(&arguments.look);
    let json = connection.json(&["services"], &arguments.range.parameters().into()).await?;
    let answer: Services = parse(&json)?;
    if arguments.look.json {
        output.write_json(&json)?;
    } else if !answer.services.is_empty() {
        output.write(&table(&answer).show(output.paint))?;
    }
    if answer.services.is_empty() {
        output.note("no service sent anything")?;
        return Ok(Exit::NothingFound);
    }
    output.flush()?;
    Ok(Exit::Done)
}

fn table(answer: &Services) -> Table {
    let mut table = Table::new([
        "SERVICE", "OWNER", "REQUESTS", "RATE", "FAILED", "P50", "P95", "P99", "SPANS", "LOGS", "ERRORS",
    ]);
    for report in &answer.services {
        let service = &report.service;
        let time = |nanos: Option<u64>| Cell::number(nanos.map(duration).unwrap_or_default());
        let failed = failed_part(report.request_count, report.request_error_count);
        table.row(vec![
            Cell::text(&service.name).ink(Ink::service(&service.name)),
            Cell::text(service.owner.as_deref().unwrap_or_default()),
            Cell::number(report.request_count.map(count).unwrap_or_default()),
            Cell::number(report.request_rate.as_ref().and_then(rate).unwrap_or_default()),
            alarming(failed, report.request_error_count.unwrap_or(0)),
            time(report.p50_ns),
            time(report.p95_ns),
            time(report.p99_ns),
            Cell::number(count(service.span_count)),
            Cell::number(count(service.log_count)),
            alarming(count(service.error_count), service.error_count),
        ]);
    }
    table
}

fn alarming(text: String, number: u64) -> Cell {
    Cell::number(text).ink(if number > 0 { Ink::Error } else { Ink::Plain })
}

fn failed_part(all: Option<u64>, failed: Option<u64>) -> String {
    match (all, failed) {
        (Some(all), Some(failed)) if all > 0 => format!("{:.1} %", failed as f64 * 100.0 / all as f64),
        _ => String::new(),
    }
}

/// Requests each second, from a number or its text.
fn rate(value: &Value) -> Option<String> {
    let rate = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Some(if rate < 10.0 { format!("{rate:.2}/s") } else { format!("{rate:.0}/s") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_server_does_not_measure_takes_no_column() {
        let counts =
            json!({"name": "cart", "owner": null, "span_count": 12, "log_count": 3, "error_count": 0});
        let answer: Services = serde_json::from_value(json!({"services": [counts]})).unwrap();
        let paint = crate::client::Paint { on: false };
        assert_eq!(
            table(&answer).show(paint),
            "SERVICE  SPANS  LOGS  ERRORS\ncart        12     3       0\n"
        );
        let mut measured = counts;
        for (name, value) in [
            ("request_count", json!(2_000)),
            ("request_error_count", json!(30)),
            ("request_rate", json!(33.4)),
            ("p50_ns", json!("1500000")),
            ("p95_ns", json!(null)),
            ("p99_ns", json!("41000000")),
        ] {
            measured[name] = value;
        }
        let answer: Services = serde_json::from_value(json!({"services": [measured]})).unwrap();
        assert_eq!(
            table(&answer).show(paint),
            "SERVICE  REQUESTS  RATE  FAILED     P50    P99  SPANS  LOGS  ERRORS\n\
             cart        2,000  33/s   1.5 %  1.5 ms  41 ms     12     3       0\n"
        );
    }
}
