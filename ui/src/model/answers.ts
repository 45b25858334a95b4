//! The shapes of the API's answers.

import type { AnyRecord, LogRecord, SpanRecord } from "./record";

/** One thing an ID may mean. */
export interface Match {
	kind: "trace" | "span" | "flow";
	key: string | null;
	id: string;
	trace_id?: string;
	first: string;
	last: string;
	spans: number;
	logs: number;
}

/** The answer to "what is this ID?". */
export interface FindAnswer {
	id: string;
	normalized: string;
	matches: Match[];
}

/** How a flow stands. */
export type FlowState = "ok" | "error" | "running" | "stuck";

/** The record that explains a failed flow. */
export interface Cause {
	record: string;
	signal: "spans" | "logs";
	service: string;
	owner: string | null;
	name: string;
	message: string;
	trace_id: string;
	span_id: string;
	time: string;
}

/** A reason why a flow may not be whole. */
export interface Reason {
	code: string;
	message: string;
	count: number;
}

/** A trace within a flow. */
export interface TraceSummary {
	trace_id: string;
	root_service: string;
	root_name: string;
	start: string;
	end: string;
	span_count: number;
	log_count: number;
	error_count: number;
	linked_from: { trace_id: string; span_id: string; service: string; queue_ns: string | null } | null;
}

/** A service with its counts. */
export interface ServiceSummary {
	name: string;
	owner: string | null;
	span_count: number;
	log_count: number;
	error_count: number;
}

/** A link between two spans of a flow, from the consumer to the producer. */
export interface FlowLink {
	trace_id: string;
	span_id: string;
	to_trace_id: string;
	to_span_id: string;
	queue_ns: string | null;
}

/** A stretch of what made a flow take as long as it did. */
export interface Segment {
	kind: "span" | "queue" | "gap";
	record?: string;
	trace_id: string;
	span_id: string;
	service: string;
	start: string;
	end: string;
	self_ns: string;
}

/** A message's way from the span that sent it to the one that took it. */
export interface Queue {
	trace_id: string;
	span_id: string;
	from_trace_id: string;
	from_span_id: string;
	queue_ns: string;
}

/** A record beside a gap. */
export interface Neighbour {
	record: string;
	signal: "spans" | "logs";
	service: string;
	name: string;
}

/** A stretch without telemetry. */
export interface Gap {
	start: string;
	end: string;
	duration_ns: string;
	before: Neighbour;
	after: Neighbour;
	queue: boolean;
}

/** Clocks that differ. */
export interface Skew {
	pairs: {
		from: string;
		from_instance: string | null;
		to: string;
		to_instance: string | null;
		offset_min_ns: string | null;
		offset_max_ns: string;
		offset_ns: string;
		pairs: number;
		agreeing: number;
	}[];
	services: { service: string; instance: string | null; offset_ns: string }[];
}

/** What an answer left out. */
export interface Truncation {
	reason: string;
	spans: number;
	logs: number;
	traces: number;
}

/** A whole flow. */
export interface FlowAnswer {
	id: string;
	keys: string[];
	state: FlowState;
	cause: Cause | null;
	completeness: { verdict: "complete" | "incomplete" | "unknown"; reasons: Reason[] };
	start: string;
	end: string;
	adjusted: boolean;
	busy_ns: string;
	queue_ns: string;
	traces: TraceSummary[];
	services: ServiceSummary[];
	span_count: number;
	log_count: number;
	error_count: number;
	duplicate_count: number;
	truncated: Truncation | null;
	links: FlowLink[];
	queues: Queue[];
	critical_path: Segment[];
	gaps: Gap[];
	skew: Skew | null;
	spans: SpanRecord[];
	logs: LogRecord[];
	stats?: { splits?: number; elapsed_ms?: number };
}

/** A flow in short. */
export interface ListedFlow {
	key: string;
	id: string;
	state: FlowState;
	cause: { service: string; owner: string | null; message: string; time: string } | null;
	start: string;
	end: string;
	duration_ns: string;
	services: string[];
	span_count: number;
	log_count: number;
	error_count: number;
	trace_count: number;
	truncated: Truncation | null;
}

/** A page of recent flows. */
export interface FlowsAnswer {
	flows: ListedFlow[];
	cursor: string | null;
	examined: number;
	truncated: { reason: string } | null;
	stats: { splits?: number; skipped?: number; elapsed_ms?: number };
}

/** A page of search results. */
export interface SearchAnswer {
	records: AnyRecord[];
	cursor: string | null;
	total: number | null;
	stats: { splits?: number; skipped?: number; elapsed_ms?: number };
}

/** One bar of a histogram. */
export interface Bucket {
	start: string;
	count: number;
	by: Record<string, number>;
}

/** Counts over time. */
export interface HistogramAnswer {
	start: string;
	end: string;
	interval_ns: string;
	buckets: Bucket[];
	total: number;
}

/** The services that sent something. */
export interface ServicesAnswer {
	services: ServiceSummary[];
}
