//! Which places an ID leads to.

import { expect, test } from "vitest";
import type { Match } from "./answers";
import { targetsOf } from "./targets";

function match(kind: Match["kind"], id: string, more: Partial<Match> = {}): Match {
	return { kind, key: null, id, first: "0", last: "0", spans: 1, logs: 0, ...more };
}

function places(...matches: Match[]): string[] {
	return targetsOf(matches).map((target) => target.to);
}

test("flows, traces and spans have their pages", () => {
	expect(places(match("flow", "o/1", { key: "order.id" }))).toEqual(["flow/order.id/o%2F1"]);
	expect(places(match("trace", "4bf9"))).toEqual(["trace/4bf9"]);
	expect(places(match("span", "00f0", { trace_id: "4bf9" }))).toEqual(["trace/4bf9?sel=00f0"]);
});

test("a trace and the one span of it that is meant are one place", () => {
	expect(places(match("trace", "4bf9"), match("span", "00f0", { trace_id: "4bf9" }))).toEqual(["trace/4bf9?sel=00f0"]);
});

test("spans of other traces, and keys of their own, are places of their own", () => {
	const all = [
		match("trace", "4bf9"),
		match("span", "00f0", { trace_id: "aaaa" }),
		match("flow", "x", { key: "a" }),
		match("flow", "x", { key: "b" }),
		match("flow", "x", { key: "b" }),
	];
	expect(places(...all)).toEqual(["trace/4bf9", "trace/aaaa?sel=00f0", "flow/a/x", "flow/b/x"]);
});
