//! Latencies of reports over everything, each answer checked.

use anyhow::Result;

use super::api::{Answer, Api};
use super::check::Checked;
use super::queries::{repeat, tell};
use crate::figures::{Figures, Measure};
use crate::truth::Truth;

/// The quantile asked for.
const QUANTILE: f64 = 0.95;
/// How far a quantile may be off: the accuracy that is documented, and a little for rounding.
const ACCURACY: f64 = 0.011;
/// How far its rank may be off: second copies of spans may be counted until compaction.
const RANK_SLACK: f64 = 0.003;

/// Asks for percentiles in groups.
pub(super) async fn measure(api: &mut Api, count: usize, truth: &Truth, figures: &mut Figures) -> Result<()> {
    for (by, measure) in [
        ("service", Measure::StatsByService),
        ("name", Measure::StatsByName),
        ("http.response.status_code", Measure::StatsByAttribute),
    ] {
        let path = format!("/api/v1/stats?select=p95(duration),count&group_by={by}&limit=1000");
        let timing = repeat(api, count, &path, "report", figures, |answer| report(answer, by, truth)).await?;
        tell(figures, measure, &timing);
    }
    Ok(())
}

/// All records are in some group; by service, each group's quantile is right.
fn report(answer: &Answer, by: &str, truth: &Truth) -> Checked {
    let json = answer.ok().map_err(|error| format!("report by {by}: {error:#}"))?;
    let groups = json["groups"].as_array().ok_or_else(|| format!("report by {by}: no groups"))?;
    let count: u64 = groups.iter().filter_map(|group| group["values"]["count"].as_u64()).sum();
    let expected = truth.records()..=truth.records() + truth.duplicates();
    if !expected.contains(&count) || json["truncated"] != 0 {
        return Err(format!("report by {by}: {count} records, expected {expected:?}"));
    }
    if by != "service" {
        return Ok(());
    }
    for (service, durations) in &truth.durations {
        let group = groups.iter().find(|group| group["by"]["service"] == service.name());
        let found = group.and_then(|group| group["values"]["p95(duration)"].as_f64()).unwrap_or(0.0);
        let at = |quantile: f64| {
            let rank = (quantile.clamp(0.0, 1.0) * (durations.len() as f64 - 1.0)).max(0.0);
            durations.get(rank as usize).map_or(0.0, |nanos| *nanos as f64)
        };
        // With few spans a rank is a large step.
        let slack = RANK_SLACK + 2.0 / durations.len() as f64;
        let (low, high) = (at(QUANTILE - slack) * (1.0 - ACCURACY), at(QUANTILE + slack) * (1.0 + ACCURACY));
        if !(low..=high).contains(&found) {
            return Err(format!(
                "report by service: p95 of {} is {found}, expected {low} to {high}",
                service.name()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::generate::Service;
    use crate::truth::ServiceTruth;

    #[test]
    fn counts_and_quantiles_must_be_right() {
        let counts = ServiceTruth { spans: 1_000, logs: 5, duplicate_spans: 1, requests: 0 };
        let truth = Truth {
            services: [(Service::Cart, counts)].into(),
            durations: [(Service::Cart, (1..=1_000).map(|number| number * 1_000).collect())].into(),
            ..Truth::default()
        };
        let answer = |count: u64, p95: Value| {
            let group = json!({"by": {"service": "cart"}, "values": {"count": count, "p95(duration)": p95}});
            Answer::of(200, &json!({"groups": [group], "truncated": 0}))
        };
        assert_eq!(report(&answer(1_005, json!(955_000)), "service", &truth), Ok(()));
        assert_eq!(report(&answer(1_006, json!(null)), "name", &truth), Ok(()));
        for (count, p95) in
            [(1_004, json!(950_000)), (1_007, json!(950_000)), (1_005, json!(900_000)), (1_005, json!(null))]
        {
            assert!(report(&answer(count, p95.clone()), "service", &truth).is_err(), "{count} {p95}");
        }
    }
}
