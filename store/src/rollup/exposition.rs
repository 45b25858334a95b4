//! The counts of spans as Prometheus reads them, under names that dashboards know: those of Tempo's metrics-generator
//! or of the OpenTelemetry Collector's span-metrics connector, and for edges those that both share.
//!
//! Written as text here, since the metrics library makes no exemplars but its own.

use std::fmt::Write as _;

use spoor_runtime::metrics::Source;

use super::span_metrics::{
    CallLabels, EDGE_BOUNDS, EdgeCounts, EdgeLabels, Histogram, LostCounts, Registry, SpanMetrics,
};
use super::tally::EdgeKind;
use crate::config::SpanMetricNames;
use crate::model::{SpanKind, SpanStatus, Tenant};

/// Names and unit of the metrics about spans.
struct Names {
    calls: &'static str,
    durations: &'static str,
    service: &'static str,
    nanos_per_unit: f64,
}

const TEMPO: Names = Names {
    calls: "traces_spanmetrics_calls",
    durations: "traces_spanmetrics_latency",
    service: "service",
    nanos_per_unit: 1e9,
};

const CONNECTOR: Names = Names {
    calls: "traces_span_metrics_calls",
    durations: "traces_span_metrics_duration_milliseconds",
    service: "service_name",
    nanos_per_unit: 1e6,
};

const NANOS_PER_SECOND: f64 = 1e9;

impl Source for SpanMetrics {
    fn write(&self, out: &mut String) {
        let names = match self.names {
            SpanMetricNames::Off => return,
            SpanMetricNames::Tempo => TEMPO,
            SpanMetricNames::Connector => CONNECTOR,
        };
        let registry = self.registry();
        let written = calls(out, &registry, &names, self.bounds())
            .and_then(|()| edges(out, &registry))
            .and_then(|()| lost(out, &registry));
        // Writing into a String cannot fail.
        if written.is_err() {
            tracing::error!("failed to encode metrics of spans");
        }
    }
}

fn calls(out: &mut String, registry: &Registry, names: &Names, bounds: &[u64]) -> std::fmt::Result {
    let series = || {
        registry.calls.iter().flat_map(|(labels, by_status)| {
            let counted = SpanStatus::ALL.into_iter().zip(by_status);
            counted.filter_map(move |(status, histogram)| Some((labels, status, histogram.as_deref()?)))
        })
    };
    family(out, names.calls, "counter", "Spans")?;
    for (labels, status, histogram) in series() {
        let labels = call_labels(labels, status, names);
        writeln!(out, "{}_total{{{labels}}} {}", names.calls, histogram.count_all())?;
    }
    family(out, names.durations, "histogram", "Duration of spans")?;
    for (labels, status, histogram) in series() {
        let labels = call_labels(labels, status, names);
        write_histogram(out, names.durations, &labels, histogram, bounds, names.nanos_per_unit)?;
    }
    Ok(())
}

fn edges(out: &mut String, registry: &Registry) -> std::fmt::Result {
    let mut counter = |name: &str, help: &str, value: fn(&EdgeCounts) -> u64| {
        family(out, name, "counter", help)?;
        for (labels, counts) in &registry.edges {
            writeln!(out, "{name}_total{{{}}} {}", edge_labels(labels), value(counts))?;
        }
        Ok::<(), std::fmt::Error>(())
    };
    let help = "Requests from one service to another";
    counter("traces_service_graph_request", help, |counts| counts.count)?;
    counter("traces_service_graph_request_failed", "Of them, failed", |counts| counts.failed)?;
    let mut histogram = |name: &str, help: &str, value: fn(&EdgeCounts) -> &Histogram| {
        family(out, name, "histogram", help)?;
        for (labels, counts) in &registry.edges {
            let counted = value(counts);
            if counted.count_all() > 0 {
                let labels = edge_labels(labels);
                write_histogram(out, name, &labels, counted, &EDGE_BOUNDS, NANOS_PER_SECOND)?;
            }
        }
        Ok::<(), std::fmt::Error>(())
    };
    let graph = "traces_service_graph_request";
    histogram(&format!("{graph}_server_seconds"), "As the service called sees it", |counts| &counts.server)?;
    histogram(&format!("{graph}_client_seconds"), "As the caller sees it", |counts| &counts.client)?;
    let name = format!("{graph}_messaging_system_seconds");
    histogram(&name, "Time in the queue between producer and consumer", |counts| &counts.queue)
}

fn lost(out: &mut String, registry: &Registry) -> std::fmt::Result {
    let mut counter = |name: &str, help: &str, value: fn(&LostCounts) -> u64| {
        family(out, name, "counter", help)?;
        for (labels, counts) in &registry.lost {
            let (client, server) =
                if labels.is_caller { (&*labels.service, "") } else { ("", &*labels.service) };
            let mut text = tenant_label(&labels.tenant);
            push_label(&mut text, "client", client);
            push_label(&mut text, "server", server);
            push_label(&mut text, "connection_type", "");
            writeln!(out, "{name}_total{{{text}}} {}", value(counts))?;
        }
        Ok::<(), std::fmt::Error>(())
    };
    let help = "Spans whose partner did not come in time";
    counter("traces_service_graph_unpaired_spans", help, |counts| counts.unpaired)?;
    let help = "Spans that were let go of before their partner could come";
    counter("traces_service_graph_dropped_spans", help, |counts| counts.dropped)
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}")
}

fn write_histogram(
    out: &mut String,
    name: &str,
    labels: &str,
    histogram: &Histogram,
    bounds: &[u64],
    nanos_per_unit: f64,
) -> std::fmt::Result {
    let mut up_to = 0;
    for (bucket, count) in histogram.counts.iter().enumerate().take(bounds.len() + 1) {
        up_to += count;
        write!(out, "{name}_bucket{{{labels},le=\"")?;
        match bounds.get(bucket) {
            Some(bound) => write!(out, "{:?}", *bound as f64 / nanos_per_unit)?,
            None => out.push_str("+Inf"),
        }
        write!(out, "\"}} {up_to}")?;
        if let Some(exemplar) = &histogram.exemplars[bucket] {
            let value = exemplar.duration as f64 / nanos_per_unit;
            write!(out, " # {{trace_id=\"{}\"}} {value:?}", exemplar.trace)?;
        }
        out.push('\n');
    }
    writeln!(out, "{name}_sum{{{labels}}} {:?}", histogram.sum as f64 / nanos_per_unit)?;
    writeln!(out, "{name}_count{{{labels}}} {up_to}")
}

fn call_labels(labels: &CallLabels, status: SpanStatus, names: &Names) -> String {
    let mut text = tenant_label(&labels.tenant);
    push_label(&mut text, names.service, &labels.service);
    push_label(&mut text, "span_name", &labels.name);
    let kind = match labels.kind {
        SpanKind::Unspecified => "SPAN_KIND_UNSPECIFIED",
        SpanKind::Internal => "SPAN_KIND_INTERNAL",
        SpanKind::Server => "SPAN_KIND_SERVER",
        SpanKind::Client => "SPAN_KIND_CLIENT",
        SpanKind::Producer => "SPAN_KIND_PRODUCER",
        SpanKind::Consumer => "SPAN_KIND_CONSUMER",
    };
    push_label(&mut text, "span_kind", kind);
    let status = match status {
        SpanStatus::Unset => "STATUS_CODE_UNSET",
        SpanStatus::Ok => "STATUS_CODE_OK",
        SpanStatus::Error => "STATUS_CODE_ERROR",
    };
    push_label(&mut text, "status_code", status);
    text
}

fn edge_labels(labels: &EdgeLabels) -> String {
    let mut text = tenant_label(&labels.tenant);
    push_label(&mut text, "client", &labels.from);
    push_label(&mut text, "server", &labels.to);
    let connection = match labels.kind {
        EdgeKind::Call => "",
        EdgeKind::Queue => "messaging_system",
    };
    push_label(&mut text, "connection_type", connection);
    text
}

/// Who has one tenant only sees no label of it.
fn tenant_label(tenant: &Tenant) -> String {
    let mut text = String::new();
    if *tenant != Tenant::default() {
        push_label(&mut text, "tenant", tenant.as_str());
    }
    text
}

fn push_label(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(name);
    text.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('"');
}
