//! The rows of the waterfall: what of a flow's trees is shown, in which order, after collapsing and filtering.

import { type Clock, gapsOf, type Stretch } from "./clock";
import type { Filter } from "./filter";
import type { FlowNode, FlowTree, LogNode, LooseGroup, SpanNode, TraceTree } from "./span-tree";

/** A trace's header. */
export interface TraceRow {
	kind: "trace";
	id: string;
	trace: TraceTree;
	ordinal: number;
	/** How many of its rows the filter took away. */
	hidden: number;
	collapsed: boolean;
}

/** The header of one service's logs that belong to no trace. */
export interface GroupRow {
	kind: "group";
	id: string;
	group: LooseGroup;
	hidden: number;
	collapsed: boolean;
}

/** A span. */
export interface SpanRow {
	kind: "span";
	id: string;
	node: SpanNode;
	depth: number;
	expandable: boolean;
	collapsed: boolean;
	/** Stands only to hold the rows beneath it; it does not pass the filter itself. */
	context: boolean;
}

/** A log. */
export interface LogRow {
	kind: "log";
	id: string;
	node: LogNode;
	depth: number;
}

/** Idle time that the clock compresses. */
export interface GapRow {
	kind: "gap";
	id: string;
	gap: Stretch;
}

/** A row of the waterfall. */
export type Row = TraceRow | GroupRow | SpanRow | LogRow | GapRow;

/** What to show. */
export interface Choice {
	filter: Filter | null;
	errorsOnly: boolean;
	logs: boolean;
	/** Ids of spans, traces and groups that are folded. */
	collapsed: ReadonlySet<string>;
	/** Show only this span and what is beneath it. */
	subtree?: string | undefined;
}

/** The rows, and how many records of all there are they show. */
export interface VisibleRows {
	rows: Row[];
	/** The records that pass, folded away or not. */
	passing: ReadonlySet<FlowNode>;
	total: number;
	/** Ids of rows that pass the filter, in order; all when nothing is filtered. */
	matches: string[];
}

/** Rows' heights in pixels. */
export const ROW_HEIGHT = { trace: 30, group: 30, span: 25, log: 25, gap: 24 } as const;

/** Lists the visible rows of a flow. */
export function visibleRows(tree: FlowTree, clock: Clock, choice: Choice): VisibleRows {
	const rows: Row[] = [];
	const verdict = judge(tree, choice);
	const gaps = gapsOf(clock);
	const putGaps = (before: number): void => {
		while (gaps[0] && gaps[0].to <= before + 1) {
			const gap = gaps.shift();
			if (gap) rows.push({ kind: "gap", id: `gap-${gap.from}`, gap });
		}
	};
	tree.traces.forEach((trace, index) => {
		const kept = trace.items.filter((item) => verdict.shown.has(item));
		const hidden =
			choice.filter || choice.errorsOnly || choice.subtree ? trace.size - countShown(trace.items, verdict.matched) : 0;
		if (kept.length === 0) return;
		const first = kept[0];
		if (first && rows.length > 0) putGaps(first.start);
		const id = `trace-${trace.id}`;
		const collapsed = choice.collapsed.has(id);
		rows.push({ kind: "trace", id, trace, ordinal: index + 1, hidden, collapsed });
		if (!collapsed) pushTree(rows, kept, verdict, choice, putGaps);
	});
	for (const group of tree.loose) {
		const logs = group.logs.filter((log) => verdict.shown.has(log));
		const first = logs[0];
		if (!first) continue;
		if (rows.length > 0) putGaps(first.start);
		const id = `group-${group.service}`;
		const collapsed = choice.collapsed.has(id);
		rows.push({ kind: "group", id, group, hidden: group.logs.length - logs.length, collapsed });
		if (!collapsed) for (const node of logs) rows.push({ kind: "log", id: node.id, node, depth: 0 });
	}
	const matches = rows
		.filter((row) => (row.kind === "span" && !row.context) || row.kind === "log")
		.map((row) => row.id);
	return { rows, passing: verdict.matched, total: verdict.total, matches };
}

/** The spans to unfold so that a node's row exists. */
export function foldedAbove(node: FlowNode, collapsed: ReadonlySet<string>): string[] {
	const folded: string[] = [];
	for (let at = node.parent; at; at = at.parent) if (collapsed.has(at.id)) folded.push(at.id);
	const holder = node.kind === "log" && node.record.trace_id === "" ? `group-${node.record.service}` : traceRowId(node);
	if (collapsed.has(holder)) folded.push(holder);
	return folded;
}

function traceRowId(node: FlowNode): string {
	return `trace-${node.kind === "span" ? node.traceId : node.record.trace_id}`;
}

interface Verdict {
	/** Pass the filter. */
	matched: Set<FlowNode>;
	/** Pass, or hold something that does. */
	shown: Set<FlowNode>;
	total: number;
}

function judge(tree: FlowTree, choice: Choice): Verdict {
	const matched = new Set<FlowNode>();
	const shown = new Set<FlowNode>();
	const subtree = choice.subtree ? subtreeOf(tree, choice.subtree) : null;
	let total = 0;
	for (const node of tree.nodes.values()) {
		if (node.record) total += 1;
		if (!passes(node, choice) || (subtree && !subtree.has(node))) continue;
		if (node.record) matched.add(node);
		shown.add(node);
		for (let at = node.parent; at && !shown.has(at); at = at.parent) shown.add(at);
	}
	return { matched, shown, total };
}

function passes(node: FlowNode, choice: Choice): boolean {
	if (node.kind === "log" && !choice.logs && !(choice.errorsOnly && node.error)) return false;
	if (choice.errorsOnly && !node.error) return false;
	if (!node.record) return !choice.filter;
	return !choice.filter || choice.filter(node.record);
}

function subtreeOf(tree: FlowTree, id: string): Set<FlowNode> | null {
	const root = tree.nodes.get(id);
	if (root?.kind !== "span") return null;
	const inside = new Set<FlowNode>();
	const stack: FlowNode[] = [root];
	for (let node = stack.pop(); node; node = stack.pop()) {
		inside.add(node);
		if (node.kind === "span") for (const item of node.items) stack.push(item);
	}
	return inside;
}

function countShown(items: FlowNode[], matched: Set<FlowNode>): number {
	let count = 0;
	const stack = [...items];
	for (let node = stack.pop(); node; node = stack.pop()) {
		if (matched.has(node)) count += 1;
		if (node.kind === "span") for (const item of node.items) stack.push(item);
	}
	return count;
}

function pushTree(
	rows: Row[],
	roots: FlowNode[],
	verdict: Verdict,
	choice: Choice,
	putGaps: (before: number) => void,
): void {
	const stack = roots.map((node) => ({ node, depth: 0 })).reverse();
	let first = true;
	for (let next = stack.pop(); next; next = stack.pop()) {
		const { node, depth } = next;
		if (depth === 0 && !first) putGaps(node.start);
		first = false;
		if (node.kind === "log") {
			rows.push({ kind: "log", id: node.id, node, depth });
			continue;
		}
		const items = node.items.filter((item) => verdict.shown.has(item));
		const collapsed = choice.collapsed.has(node.id) && items.length > 0;
		const context = !verdict.matched.has(node) && node.record !== null;
		rows.push({ kind: "span", id: node.id, node, depth, expandable: items.length > 0, collapsed, context });
		if (collapsed) continue;
		for (const item of items.reverse()) stack.push({ node: item, depth: depth + 1 });
	}
}
