//! What passes a filter.

import { expect, test } from "vitest";
import { fieldTerm, parseFilter } from "./filter";
import { log, span } from "./testing";

const SPAN = span("a", "", 0, 250_000_000, {
	name: "POST /api/checkout",
	service: "frontend",
	attributes: { "http.response.status_code": 500, "url.path": "/api/checkout", retry: true },
	correlation: [{ key: "order.id", value: "ord-1" }],
	kind: "client",
});
const LOG = log("a", 0, "Charge failed: gateway timed out", { severity: "warn", service: "payment" });

test.each([
	["checkout", true, false],
	["CHECKOUT post", true, false],
	["gateway failed", false, true],
	['"timed out"', false, true],
	["-checkout", false, true],
	["service:frontend", true, false],
	["-service:frontend", false, true],
	["severity:>=warn", false, true],
	["severity:>warn", false, false],
	["severity:<=warn", false, true],
	["duration:>200ms", true, false],
	["duration:>1s", false, false],
	["http.response.status_code:500", true, false],
	["retry:true", true, false],
	["order.id:ord-1", true, false],
	["order.id:ord*", true, false],
	["order.id:*", true, false],
	["correlation:ord-1", true, false],
	["kind:client", true, false],
	["signal:logs", false, true],
	["body:charge", false, true],
	["url.path:/api/checkout", true, false],
	["nothing:here", false, false],
])("%s", (text, spanPasses, logPasses) => {
	const filter = parseFilter(text);
	expect(filter?.(SPAN)).toBe(spanPasses);
	expect(filter?.(LOG)).toBe(logPasses);
});

test("nothing asked is no filter", () => {
	for (const text of ["", "   ", '""']) expect(parseFilter(text)).toBeNull();
});

test("a value becomes a term that finds it again", () => {
	for (const value of ["plain", "with space", "a:b/c", "x(y)"]) {
		const record = span("z", "", 0, 1, { attributes: { "my.key": value } });
		expect(parseFilter(fieldTerm("my.key", value))?.(record)).toBe(true);
	}
	expect(fieldTerm("k", 'say "hi"')).toBe('k:"say \\"hi\\""');
	expect(fieldTerm("k", 500)).toBe("k:500");
});
