//! Which rows are shown after folding and filtering.

import { expect, test } from "vitest";
import { buildClock } from "./clock";
import { parseFilter } from "./filter";
import { buildFlowTree } from "./span-tree";
import { flowOf, log, span } from "./testing";
import { type Choice, foldedAbove, type Row, visibleRows } from "./visible-rows";

const FLOW = flowOf(
	[
		span("a", "", 0, 100),
		span("b", "a", 10, 10),
		span("c", "b", 12, 5, { status: "error", service: "payment" }),
		span("d", "a", 50, 10),
		span("e", "", 5000, 100, { trace_id: "t2" }),
	],
	[log("b", 15, "found it"), log("", 5050, "[billing] late", { service: "legacy" })],
);
const TREE = buildFlowTree(FLOW);
const CLOCK = buildClock(
	[
		{ start: 0, end: 100 },
		{ start: 5000, end: 5100 },
	],
	5100,
	true,
);
const ALL: Choice = { filter: null, errorsOnly: false, logs: true, collapsed: new Set() };

function names(rows: Row[]): string[] {
	return rows.map((row) => {
		if (row.kind === "span") return `${" ".repeat(row.depth)}${row.id}${row.context ? "?" : ""}`;
		if (row.kind === "log") return `${" ".repeat(row.depth)}log`;
		return row.kind;
	});
}

function shown(choice: Partial<Choice>): string[] {
	return names(visibleRows(TREE, CLOCK, { ...ALL, ...choice }).rows);
}

test("all of it: traces, their trees, the gap between them, logs without a trace at the end", () => {
	expect(shown({})).toEqual(["trace", "a", " b", "  c", "  log", " d", "gap", "trace", "e", "group", "log"]);
});

test("folding a span hides what is beneath it", () => {
	expect(shown({ collapsed: new Set(["b"]) })).toEqual(["trace", "a", " b", " d", "gap", "trace", "e", "group", "log"]);
});

test("folding a trace leaves its header", () => {
	const [first, second] = visibleRows(TREE, CLOCK, ALL).rows.filter((row) => row.kind === "trace");
	const folded = shown({ collapsed: new Set([first?.id ?? "", second?.id ?? ""]) });
	expect(folded).toEqual(["trace", "gap", "trace", "group", "log"]);
});

test("a filter keeps what matches and, faint, what holds it, and counts the rest", () => {
	const answer = visibleRows(TREE, CLOCK, { ...ALL, filter: parseFilter("found") });
	expect(names(answer.rows)).toEqual(["trace", "a?", " b?", "  log"]);
	expect(answer.passing.size).toBe(1);
	expect(answer.total).toBe(7);
	expect(answer.rows[0]).toMatchObject({ hidden: 4 });
	expect(answer.matches).toHaveLength(1);
});

test("errors only keeps the way to them", () => {
	expect(shown({ errorsOnly: true })).toEqual(["trace", "a?", " b?", "  c"]);
});

test("without logs there are none", () => {
	expect(shown({ logs: false })).toEqual(["trace", "a", " b", "  c", " d", "gap", "trace", "e"]);
});

test("a subtree is shown with what holds it", () => {
	expect(shown({ subtree: "b" })).toEqual(["trace", "a?", " b", "  c", "  log"]);
});

test("folds above a row are found, so that it can be shown", () => {
	const node = TREE.nodes.get("c");
	if (!node) throw new Error("c is in the tree");
	expect(foldedAbove(node, new Set(["b", "d"]))).toEqual(["b"]);
	expect(foldedAbove(node, new Set())).toEqual([]);
});
