//! Trees from spans and logs in any order, whole or not.

import { describe, expect, test } from "vitest";
import { buildFlowTree, type FlowNode, isUnder, type SpanNode } from "./span-tree";
import { flowOf, log, span, TRACE } from "./testing";

function shape(nodes: FlowNode[]): unknown[] {
	return nodes.map((node) =>
		node.kind === "log" ? `log ${node.start}` : node.items.length === 0 ? node.id : [node.id, ...shape(node.items)],
	);
}

function shapeOf(...args: Parameters<typeof flowOf>): unknown[] {
	return buildFlowTree(flowOf(...args)).traces.map((trace) => shape(trace.items));
}

describe("spans", () => {
	test("stand under their parents in time order, whatever order they came in", () => {
		expect(
			shapeOf([span("c", "a", 50, 10), span("b", "a", 10, 10), span("d", "b", 12, 5), span("a", "", 0, 100)]),
		).toEqual([[["a", ["b", "d"], "c"]]]);
	});

	test("have their logs between their children", () => {
		const spans = [span("a", "", 0, 100), span("b", "a", 10, 10), span("c", "a", 50, 10)];
		expect(shapeOf(spans, [log("a", 30, "x"), log("c", 55, "y")])).toEqual([[["a", "b", "log 30", ["c", "log 55"]]]]);
	});

	test("stand after what their parent logged in the same instant", () => {
		const spans = [span("c", "b", 0, 10), span("b", "a", 0, 20), span("a", "", 0, 100)];
		expect(shapeOf(spans, [log("a", 0, "x")])).toEqual([[["a", "log 0", ["b", "c"]]]]);
	});

	test("whose parent is missing stand under one open place for it", () => {
		const tree = buildFlowTree(flowOf([span("b", "lost", 10, 10), span("c", "lost", 50, 30)]));
		const parent = tree.traces[0]?.items[0] as SpanNode;
		expect(parent).toMatchObject({ id: "missing-lost", record: null, open: true, start: 10, end: 80, size: 2 });
		expect(shape(parent.items)).toEqual(["b", "c"]);
	});

	test("that are each other's parents are shown once each", () => {
		const tree = buildFlowTree(flowOf([span("a", "b", 0, 10), span("b", "a", 1, 5), span("c", "c", 2, 1)]));
		expect(tree.nodes.size).toBe(3);
		expect(tree.traces[0]?.size).toBe(3);
	});

	test("that share an id are both kept, and children go to the first", () => {
		const tree = buildFlowTree(
			flowOf([span("a", "", 0, 10), span("a", "", 1, 5, { kind: "client" }), span("b", "a", 2, 1)]),
		);
		expect(shape(tree.traces[0]?.items ?? [])).toEqual([["a", "b"], "a+"]);
	});

	test("without an end are open", () => {
		const tree = buildFlowTree(flowOf([span("a", "", 5, 10, { end: "0" })]));
		expect(tree.nodes.get("a")).toMatchObject({ open: true, start: 5, end: 5 });
	});

	test("in a chain of 20,000 are a tree like any other", () => {
		const spans = Array.from({ length: 20_000 }, (_, index) =>
			span(`s${index}`, index === 0 ? "" : `s${index - 1}`, index, 30_000 - index),
		);
		const tree = buildFlowTree(flowOf(spans));
		expect(tree.traces[0]?.size).toBe(20_000);
		expect((tree.nodes.get("s0") as SpanNode).size).toBe(19_999);
	});
});

describe("logs", () => {
	test("of a trace without such a span stand at its top", () => {
		expect(shapeOf([span("a", "", 0, 100)], [log("gone", 40, "x")])).toEqual([["a", "log 40"]]);
	});

	test("without a trace are grouped by service in the order they came into the flow", () => {
		const logs = [
			log("", 5, "x", { service: "b" }),
			log("", 3, "y", { service: "a" }),
			log("", 9, "z", { service: "b" }),
		];
		const tree = buildFlowTree(flowOf([span("a", "", 0, 100)], logs));
		expect(tree.loose.map((group) => [group.service, group.logs.length])).toEqual([
			["a", 1],
			["b", 2],
		]);
	});

	test("at the same instant have different names", () => {
		const tree = buildFlowTree(flowOf([], [log("", 5, "x"), log("", 5, "y")]));
		expect(tree.nodes.size).toBe(2);
	});
});

test("a flow knows its errors in time order and its links both ways", () => {
	const spans = [span("a", "", 10, 100, { status: "error" }), span("b", "", 200, 10, { trace_id: "t2" })];
	const link = { trace_id: "t2", span_id: "b", to_trace_id: TRACE, to_span_id: "a", queue_ns: "90" };
	const tree = buildFlowTree(flowOf(spans, [log("a", 5, "x", { severity: "fatal" })], { links: [link] }));
	expect(tree.errors.map((node) => node.start)).toEqual([5, 10]);
	expect(tree.linksTo.get(`${TRACE}/a`)).toEqual([link]);
	expect(tree.linksFrom.get("t2/b")).toEqual([link]);
	expect(tree.traces.map((trace) => trace.id)).toEqual([TRACE, "t2"]);
});

test("what is under a span is told from what is not", () => {
	const { nodes } = buildFlowTree(flowOf([span("a", "", 0, 9), span("b", "a", 1, 5), span("c", "b", 2, 1)]));
	const [a, b, c] = ["a", "b", "c"].map((id) => nodes.get(id)) as [SpanNode, SpanNode, SpanNode];
	expect(isUnder(c, a)).toBe(true);
	expect(isUnder(a, c)).toBe(false);
	expect(isUnder(b, b)).toBe(false);
});
