//! A flow as trees: one per trace, spans under their parents, logs under their spans.
//!
//! Built without recursion, so that a chain of 10,000 spans is a tree like any other. Cycles and parents that
//! never arrived are survived: the first span of a cycle becomes a root; a missing parent stands as an open row.

import { type Nanos, nanos } from "../base/time";
import type { FlowAnswer, FlowLink, TraceSummary } from "./answers";
import { isError, type LogRecord, type SpanRecord } from "./record";

/** A span in its tree, or the place of a parent that is missing (`record` is null). */
export interface SpanNode {
	kind: "span";
	/** Names the node in the address: the span ID. */
	id: string;
	record: SpanRecord | null;
	spanId: string;
	traceId: string;
	/** Nanoseconds since the flow's start. */
	start: number;
	end: number;
	/** Ends at an unknown time: still running, or its end never came. */
	open: boolean;
	error: boolean;
	parent: SpanNode | null;
	/** Spans above it. */
	depth: number;
	/** Child spans and logs in time order. */
	items: FlowNode[];
	/** Spans and logs beneath it. */
	size: number;
}

/** A log in its place. */
export interface LogNode {
	kind: "log";
	/** Names the node in the address: its time, and a number when several share it. */
	id: string;
	record: LogRecord;
	start: number;
	error: boolean;
	parent: SpanNode | null;
	/** Spans above it. */
	depth: number;
}

/** A span or a log. */
export type FlowNode = SpanNode | LogNode;

/** A trace's roots, and the logs that name the trace but no span of it. */
export interface TraceTree {
	id: string;
	summary: TraceSummary;
	items: FlowNode[];
	size: number;
}

/** The logs of one service that belong to no trace. */
export interface LooseGroup {
	service: string;
	logs: LogNode[];
}

/** A flow, ready to be drawn. */
export interface FlowTree {
	origin: Nanos;
	/** The whole extent in nanoseconds. */
	length: number;
	traces: TraceTree[];
	loose: LooseGroup[];
	/** All nodes by the name they have in the address. */
	nodes: Map<string, FlowNode>;
	/** Links into a span, by the linked (producing) span. */
	linksTo: Map<string, FlowLink[]>;
	/** Links out of a span, by the linking (consuming) span. */
	linksFrom: Map<string, FlowLink[]>;
	errors: FlowNode[];
}

/** The name of a span across traces. */
export function spanKey(traceId: string, spanId: string): string {
	return `${traceId}/${spanId}`;
}

/** Builds the trees of a flow. */
export function buildFlowTree(flow: FlowAnswer): FlowTree {
	const origin = nanos(flow.start);
	const nodes = new Map<string, FlowNode>();
	const byKey = new Map<string, SpanNode>();
	const spans: SpanNode[] = [];
	for (const record of flow.spans) {
		const node = spanNode(record, origin);
		while (nodes.has(node.id)) node.id += "+";
		nodes.set(node.id, node);
		spans.push(node);
		const key = spanKey(record.trace_id, record.span_id);
		if (!byKey.has(key)) byKey.set(key, node);
	}
	const traces = new Map<string, TraceTree>();
	for (const summary of flow.traces)
		traces.set(summary.trace_id, { id: summary.trace_id, summary, items: [], size: 0 });

	for (const node of spans) placeSpan(node, byKey, nodes, traces);
	const loose = placeLogs(flow.logs, origin, byKey, nodes, traces);
	const ordered = [...traces.values()].filter((trace) => trace.items.length > 0);
	for (const trace of ordered) finishTrace(trace);
	ordered.sort((a, b) => firstStart(a) - firstStart(b));

	let length = nodes.size > 0 ? 0 : Math.max(0, Number(nanos(flow.end) - origin));
	for (const node of nodes.values()) length = Math.max(length, node.kind === "span" ? node.end : node.start);
	const errors = [...nodes.values()].filter((node) => node.error).sort(byTime);
	return { origin, length, traces: ordered, loose, nodes, errors, ...indexLinks(flow.links) };
}

/** Orders nodes by their start, and by rank where they start together. */
export function byTime(a: FlowNode, b: FlowNode): number {
	return a.start - b.start || byRank(a, b);
}

/**
 * Orders nodes that start together, as coarse clocks say of many: the one nearer to the root caused the other, and what
 * a span logged stands before its children, which would part it from its span.
 */
export function byRank(a: FlowNode, b: FlowNode): number {
	return a.depth - b.depth || kindOrder(a) - kindOrder(b);
}

/** Whether `node` stands beneath `ancestor`. */
export function isUnder(node: FlowNode, ancestor: SpanNode): boolean {
	for (let at = node.parent; at; at = at.parent) if (at === ancestor) return true;
	return false;
}

function spanNode(record: SpanRecord, origin: Nanos): SpanNode {
	const start = Number(nanos(record.time) - origin);
	const open = record.end === "0" || record.end === "" || nanos(record.end) < nanos(record.time);
	return {
		kind: "span",
		id: record.span_id || record.record,
		record,
		spanId: record.span_id,
		traceId: record.trace_id,
		start,
		end: open ? start : Number(nanos(record.end) - origin),
		open,
		error: isError(record),
		parent: null,
		depth: 0,
		items: [],
		size: 0,
	};
}

function placeSpan(
	node: SpanNode,
	byKey: Map<string, SpanNode>,
	nodes: Map<string, FlowNode>,
	traces: Map<string, TraceTree>,
): void {
	const parentId = node.record?.parent_span_id ?? "";
	if (parentId !== "") {
		const key = spanKey(node.traceId, parentId);
		let parent = byKey.get(key);
		if (!parent) {
			parent = missingParent(node, parentId);
			byKey.set(key, parent);
			nodes.set(parent.id, parent);
			traceOf(node, traces).items.push(parent);
		}
		if (parent !== node && !reaches(parent, node)) {
			node.parent = parent;
			parent.items.push(node);
			if (!parent.record) {
				parent.start = Math.min(parent.start, node.start);
				parent.end = Math.max(parent.end, node.end);
			}
			return;
		}
	}
	traceOf(node, traces).items.push(node);
}

function missingParent(child: SpanNode, spanId: string): SpanNode {
	const { traceId, start, end } = child;
	const id = `missing-${spanId}`;
	return {
		kind: "span",
		id,
		record: null,
		spanId,
		traceId,
		start,
		end,
		open: true,
		error: false,
		parent: null,
		depth: 0,
		items: [],
		size: 0,
	};
}

/** Whether going up from `from` meets `target`; then hanging `target` under it would close a circle. */
function reaches(from: SpanNode, target: SpanNode): boolean {
	for (let at: SpanNode | null = from; at; at = at.parent) if (at === target) return true;
	return false;
}

function traceOf(node: SpanNode, traces: Map<string, TraceTree>): TraceTree {
	return traceById(node.traceId, traces, node.record);
}

function traceById(id: string, traces: Map<string, TraceTree>, record: SpanRecord | LogRecord | null): TraceTree {
	let trace = traces.get(id);
	if (!trace) {
		const time = record?.time ?? "0";
		trace = {
			id,
			summary: {
				trace_id: id,
				root_service: record?.service ?? "",
				root_name: record?.signal === "spans" ? record.name : "",
				start: time,
				end: time,
				span_count: 0,
				log_count: 0,
				error_count: 0,
				linked_from: null,
			},
			items: [],
			size: 0,
		};
		traces.set(id, trace);
	}
	return trace;
}

function placeLogs(
	logs: LogRecord[],
	origin: Nanos,
	byKey: Map<string, SpanNode>,
	nodes: Map<string, FlowNode>,
	traces: Map<string, TraceTree>,
): LooseGroup[] {
	const loose = new Map<string, LooseGroup>();
	const sameTime = new Map<string, number>();
	for (const record of logs) {
		const count = sameTime.get(record.time) ?? 0;
		sameTime.set(record.time, count + 1);
		const id = count === 0 ? `log-${record.time}` : `log-${record.time}-${count}`;
		const start = Number(nanos(record.time) - origin);
		const node: LogNode = { kind: "log", id, record, start, error: isError(record), parent: null, depth: 0 };
		nodes.set(id, node);
		const span = record.trace_id && record.span_id ? byKey.get(spanKey(record.trace_id, record.span_id)) : undefined;
		if (span) {
			node.parent = span;
			span.items.push(node);
		} else if (record.trace_id) {
			traceById(record.trace_id, traces, record).items.push(node);
		} else {
			const group = loose.get(record.service) ?? { service: record.service, logs: [] };
			group.logs.push(node);
			loose.set(record.service, group);
		}
	}
	return [...loose.values()].sort((a, b) => (a.logs[0]?.start ?? 0) - (b.logs[0]?.start ?? 0));
}

/** Sorts every level, and tells each node what is above and how much is beneath it. */
function finishTrace(trace: TraceTree): void {
	const order: SpanNode[] = [];
	const stack: FlowNode[] = [...trace.items];
	trace.items.sort(byTime);
	for (let node = stack.pop(); node; node = stack.pop()) {
		if (node.kind === "log") continue;
		order.push(node);
		for (const item of node.items) {
			item.depth = node.depth + 1;
			stack.push(item);
		}
		node.items.sort(byTime);
	}
	// Parents come before their children in `order`, so going backwards every child is counted first.
	for (const node of order.reverse()) {
		for (const item of node.items) node.size += 1 + (item.kind === "span" ? item.size : 0);
	}
	for (const item of trace.items) trace.size += 1 + (item.kind === "span" ? item.size : 0);
}

function kindOrder(node: FlowNode): number {
	return (node.kind === "log") === node.depth > 0 ? 0 : 1;
}

function firstStart(trace: TraceTree): number {
	return trace.items[0]?.start ?? 0;
}

function indexLinks(links: FlowLink[]): Pick<FlowTree, "linksTo" | "linksFrom"> {
	const linksTo = new Map<string, FlowLink[]>();
	const linksFrom = new Map<string, FlowLink[]>();
	for (const link of links) {
		append(linksFrom, spanKey(link.trace_id, link.span_id), link);
		append(linksTo, spanKey(link.to_trace_id, link.to_span_id), link);
	}
	return { linksTo, linksFrom };
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
	const list = map.get(key);
	if (list) list.push(value);
	else map.set(key, [value]);
}
