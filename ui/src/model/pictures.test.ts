//! Lanes, events, the critical path, colours and exceptions.

import { describe, expect, test } from "vitest";
import type { Segment } from "./answers";
import { criticalPath } from "./critical-path";
import { buildEvents } from "./events";
import { exceptionsOfSpan, parseStack } from "./exception";
import { buildLanes } from "./lanes";
import { assignColours, COLOURS } from "./palette";
import { bodyText, droppedText, instanceOf, typeOf, type Value } from "./record";
import { buildFlowTree } from "./span-tree";
import { flowOf, log, span, TRACE } from "./testing";

const all = (): boolean => true;

describe("lanes", () => {
	test("hold spans that overlap on different levels, and reuse a level that is free", () => {
		const spans = [
			span("a", "", 0, 100),
			span("b", "a", 10, 20),
			span("c", "a", 40, 20),
			span("d", "c", 45, 5, { service: "db" }),
		];
		const lanes = buildLanes(buildFlowTree(flowOf(spans)), all);
		expect(lanes.map((lane) => [lane.service, lane.levels])).toEqual([
			["checkout", 2],
			["db", 1],
		]);
		expect(lanes[0]?.bars.map((bar) => bar.level)).toEqual([0, 1, 1]);
	});

	test("put the parent above a child that starts with it, in whichever order they come", () => {
		const spans = [span("c", "b", 10, 20), span("b", "a", 10, 30), span("a", "", 10, 40)];
		const [lane] = buildLanes(buildFlowTree(flowOf(spans)), all);
		expect(lane?.bars.map((bar) => [bar.node.id, bar.level])).toEqual([
			["a", 0],
			["b", 1],
			["c", 2],
		]);
	});

	test("exist for services that only log", () => {
		const lanes = buildLanes(buildFlowTree(flowOf([], [log("", 5, "x", { service: "legacy" })])), all);
		expect(lanes).toMatchObject([{ service: "legacy", levels: 0, bars: [] }]);
	});
});

test("events are in time order, with the time since the one before", () => {
	const failed = span("b", "a", 10, 20, {
		events: [{ time: "1700000000000000015", name: "exception", attributes: { "exception.message": "no" } }],
	});
	const events = buildEvents(buildFlowTree(flowOf([span("a", "", 0, 100), failed], [log("b", 12, "x")])), all);
	expect(events.map((event) => [event.what, event.text, Number(event.sincePrevious)])).toEqual([
		["start", "op a", 0],
		["start", "op b", 10],
		["log", "x", 2],
		["event", "exception: no", 3],
		["end", "op b", 15],
		["end", "op a", 70],
	]);
});

test("of events at one time the outer begins first and ends last, with what it holds in between", () => {
	const spans = [span("c", "b", 10, 30), span("b", "a", 10, 30), span("a", "", 10, 30)];
	const events = buildEvents(buildFlowTree(flowOf(spans, [log("c", 40, "late")])), all);
	expect(events.map((event) => `${event.what} ${event.text}`)).toEqual([
		"start op a",
		"start op b",
		"start op c",
		"log late",
		"end op c",
		"end op b",
		"end op a",
	]);
});

test("the critical path is of the spans that the answer names", () => {
	const part = (kind: Segment["kind"], id: string): Segment => ({
		kind,
		record: `r-${id}`,
		trace_id: TRACE,
		span_id: id,
		service: "checkout",
		start: "0",
		end: "1",
		self_ns: "1",
	});
	const gap: Segment = { kind: "gap", trace_id: "", span_id: "", service: "", start: "1", end: "2", self_ns: "1" };
	const critical_path = [
		part("span", "root"),
		gap,
		part("queue", "waited"),
		part("span", "last"),
		part("span", "root"),
	];
	const spans = [span("root", "", 0, 100), span("waited", "root", 5, 30), span("last", "root", 40, 55)];
	const flow = flowOf(spans, [log("root", 7, "x")], { critical_path });
	expect([...criticalPath(flow, buildFlowTree(flow))].sort()).toEqual(["last", "root"]);
});

describe("colours", () => {
	test("differ as long as there are enough, and are the same every time", () => {
		const services = Array.from({ length: COLOURS }, (_, index) => `service-${index}`);
		const colours = assignColours(services);
		expect(new Set(colours.values()).size).toBe(COLOURS);
		expect(assignColours([...services].reverse())).toEqual(colours);
	});

	test("are shared evenly when there are not enough", () => {
		const counts = new Map<number, number>();
		for (const colour of assignColours(Array.from({ length: 30 }, (_, index) => `s${index}`)).values())
			counts.set(colour, (counts.get(colour) ?? 0) + 1);
		expect(Math.max(...counts.values())).toBe(3);
	});
});

describe("exceptions", () => {
	test("show their message once, and tell own frames from libraries'", () => {
		const stack = parseStack("Timeout: late\n    at charge (/app/charge.js:8:1)\n    at run (node:internal/x:1:1)\n", [
			"late",
			"Timeout: late",
		]);
		expect(stack.map((line) => [line.frame, line.library])).toEqual([
			[true, false],
			[true, true],
		]);
	});

	test.each([
		['  File "/app/pay.py", line 3, in charge', true, false],
		['  File "/usr/lib/python3.12/site-packages/grpc/x.py", line 1', true, true],
		["\tat org.springframework.web.Filter.run(Filter.java:9)", true, true],
		["\tat com.shop.Pay.charge(Pay.java:12)", true, false],
		["Caused by: java.net.SocketTimeoutException: late", false, false],
		["main.go:12 +0x1f", true, false],
	])("%j", (text, frame, library) => {
		expect(parseStack(text)[0]).toMatchObject({ frame, library });
	});

	test("of a span come from its exception events only", () => {
		const event = (name: string): { time: string; name: string; attributes: Record<string, string> } => ({
			time: "1",
			name,
			attributes: { "exception.type": "T" },
		});
		expect(exceptionsOfSpan(span("a", "", 0, 1, { events: [event("retry"), event("exception")] }))).toHaveLength(1);
	});
});

test("what a sender left out is said", () => {
	expect(droppedText(span("a", "", 0, 1))).toBe("");
	expect(droppedText(span("a", "", 0, 1, { dropped_attributes_count: 3, dropped_links_count: 1 }))).toBe(
		"left out by the sender: 3 attributes, 1 links",
	);
});

test("a process is called by the name people gave it before the id an SDK drew", () => {
	const resource = { "service.instance.id": "8b464028", "host.name": "vm-1", "k8s.pod.name": "pay-7d9c" };
	expect(instanceOf(span("a", "", 0, 1, { resource }))).toBe("pay-7d9c");
	expect(instanceOf(span("a", "", 0, 1, { resource: { ...resource, "k8s.pod.name": "" } }))).toBe("vm-1");
	expect(instanceOf(span("a", "", 0, 1, { resource: { "service.instance.id": "8b464028" } }))).toBe("8b464028");
});

test("bodies and values have a text and a type", () => {
	expect(bodyText({ message: "hello", n: 1 })).toBe('hello  {"n":1}');
	expect(bodyText({ n: 1 })).toBe('{"n":1}');
	expect(bodyText(null)).toBe("");
	const values: Value[] = [1, 1.5, true, null, [1], { a: 1 }, { bytes: "AA==" }, "s"];
	expect(values.map(typeOf)).toEqual(["int", "double", "bool", "empty", "array", "map", "bytes", ""]);
});
