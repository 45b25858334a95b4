//! What pasted texts are taken for.

import { expect, test } from "vitest";
import { identify, isQuery } from "./identify";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test.each([
	["", "nothing", "", ""],
	[`  ${TRACE}\n`, "trace id", TRACE, TRACE],
	[TRACE.toUpperCase(), "trace id", TRACE.toUpperCase(), TRACE],
	["4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "trace id", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", TRACE],
	["00F067AA0BA902B7", "span id", "00F067AA0BA902B7", "00f067aa0ba902b7"],
	[`00-${TRACE}-00f067aa0ba902b7-01`, "traceparent", `00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
	[`traceparent: 00-${TRACE}-00f067aa0ba902b7-01`, "traceparent", `00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
	["X-Request-Id: abc-1", "id", "abc-1", ""],
	[`trace_id="${TRACE}"`, "trace id", TRACE, TRACE],
	["ord-cfc5d07fbf424132", "id", "ord-cfc5d07fbf424132", ""],
	["order:4711", "id", "order:4711", ""],
	["https://shop/orders/1", "id", "https://shop/orders/1", ""],
	["connection reset", "query", "connection reset", ""],
	["severity:>=warn", "query", "severity:>=warn", ""],
	["service:checkout", "query", "service:checkout", ""],
	['"a', "query", '"a', ""],
])("%j is %s", (input, shape, text, id) => {
	expect(identify(input)).toEqual({ shape, text, id });
});

test("only what has spaces is surely no ID", () => {
	expect(isQuery("a b")).toBe(true);
	expect(isQuery("  order:4711 ")).toBe(false);
	expect(isQuery("x-request-id: abc")).toBe(false);
});
