//! Records and flows for tests, with as little said as a test needs.

import type { FlowAnswer } from "./answers";
import type { LogRecord, SpanRecord } from "./record";

/** A trace id for tests. */
export const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const START = 1_700_000_000_000_000_000n;

/** A span named by its id, from `at` for `took` nanoseconds. */
export function span(id: string, parent: string, at: number, took: number, more: Partial<SpanRecord> = {}): SpanRecord {
	const time = START + BigInt(at);
	return {
		record: `r-${id}`,
		signal: "spans",
		time: `${time}`,
		end: `${time + BigInt(took)}`,
		duration_ns: `${took}`,
		service: "checkout",
		owner: null,
		resource: { "service.name": "checkout" },
		scope: {},
		trace_id: TRACE,
		span_id: id,
		parent_span_id: parent,
		name: `op ${id}`,
		kind: "server",
		status: "unset",
		status_message: "",
		attributes: {},
		events: [],
		links: [],
		correlation: [],
		...more,
	};
}

/** A log at `at` nanoseconds, in a span or in none. */
export function log(spanId: string, at: number, body: LogRecord["body"], more: Partial<LogRecord> = {}): LogRecord {
	const time = `${START + BigInt(at)}`;
	return {
		record: `l-${at}`,
		signal: "logs",
		time,
		observed_time: time,
		service: "checkout",
		owner: null,
		resource: {},
		scope: {},
		trace_id: spanId === "" ? "" : TRACE,
		span_id: spanId,
		attributes: {},
		correlation: [],
		severity: "info",
		severity_number: 9,
		severity_text: "INFO",
		body,
		event_name: "",
		...more,
	};
}

/** A flow of records, starting at offset 0. */
export function flowOf(spans: SpanRecord[], logs: LogRecord[] = [], more: Partial<FlowAnswer> = {}): FlowAnswer {
	const ends = [...spans.map((one) => BigInt(one.end)), ...logs.map((one) => BigInt(one.time)), START];
	return {
		id: "ord-1",
		keys: ["order.id"],
		state: "ok",
		cause: null,
		completeness: { verdict: "complete", reasons: [] },
		start: `${START}`,
		end: `${ends.reduce((a, b) => (a > b ? a : b))}`,
		adjusted: false,
		busy_ns: "0",
		queue_ns: "0",
		traces: [],
		services: [],
		span_count: spans.length,
		log_count: logs.length,
		error_count: 0,
		duplicate_count: 0,
		truncated: null,
		links: [],
		queues: [],
		critical_path: [],
		gaps: [],
		skew: null,
		spans,
		logs,
		...more,
	};
}
