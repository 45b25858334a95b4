//! Addresses and routes say the same thing.

import { expect, test } from "vitest";
import { flowRoute, formatRoute, parseRoute, type Route, searchRoute, TRACE_KEY } from "./route";

const ROUTES: [Route, string][] = [
	[{ page: "home" }, ""],
	[{ page: "services" }, "services"],
	[{ page: "find", id: "a b/c" }, "find?id=a+b%2Fc"],
	[searchRoute(), "search"],
	[
		searchRoute({ q: 'service:a "x y"', start: "-15m", signal: "spans" }),
		"search?q=service%3Aa+%22x+y%22&start=-15m&signal=spans",
	],
	[searchRoute({ q: "x", notId: true, selected: "r1" }), "search?q=x&sel=r1&not_id=1"],
	[flowRoute("order.id", "ord-1"), "flow/order.id/ord-1"],
	[flowRoute("order.id", "a/b?c#d%e é"), "flow/order.id/a%2Fb%3Fc%23d%25e%20%C3%A9"],
	[flowRoute("order.id", ".."), "flow/order.id/..%00"],
	[flowRoute(TRACE_KEY, "4bf9", { view: "lanes", selected: "00f0" }), "trace/4bf9?view=lanes&sel=00f0"],
	[
		flowRoute("k", "v", {
			view: "events",
			times: "clock",
			filter: "service:a b",
			errors: true,
			logs: false,
			compress: false,
			critical: false,
			subtree: "s1",
			selected: "none",
			zoom: { from: "1763836024812345679", to: "1763836024812345680" },
			start: "-1h",
			end: "1763836024812345679",
		}),
		"flow/k/v?view=events&times=clock&filter=service%3Aa+b&errors=1&logs=0&compress=0&critical=0&subtree=s1&sel=none&zoom=1763836024812345679-1763836024812345680&start=-1h&end=1763836024812345679",
	],
];

test.each(ROUTES)("%o ↔ %s", (route, address) => {
	expect(formatRoute(route)).toBe(address);
	expect(parseRoute(address)).toEqual(route);
});

test("trailing slashes change nothing", () => {
	expect(parseRoute("flow/k/v/")).toEqual(flowRoute("k", "v"));
	expect(parseRoute("services/?x=1")).toEqual({ page: "services" });
});

test("what is no page is told so", () => {
	for (const address of ["nothing", "flow", "flow/k", "flow/k/v/w", "trace", "search/x"]) {
		expect(parseRoute(address)).toEqual({ page: "unknown", path: address });
	}
});

test("nonsense in the query is as if it were not there", () => {
	const plain = flowRoute("k", "v");
	expect(parseRoute("flow/k/v?view=x&times=y&zoom=9-1&logs=yes&zoom=abc")).toEqual(plain);
	expect(parseRoute("flow/k/%zz")).toEqual(flowRoute("k", "%zz"));
});
