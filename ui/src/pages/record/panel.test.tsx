// @vitest-environment happy-dom
//! Record text is only ever text, and no digit of a value is lost on its way to the reader.

import { render } from "preact";
import { beforeEach, expect, test } from "vitest";
import { log, span } from "../../model/testing";
import { RecordPanel } from "./panel";

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;

beforeEach(() => {
	document.body.replaceChildren();
});

function show(record: Parameters<typeof RecordPanel>[0]["record"]): HTMLElement {
	const host = document.body.appendChild(document.createElement("div"));
	render(<RecordPanel record={record} colour={1} instant={(time) => time} onClose={() => undefined} />, host);
	return host;
}

test("markup in any field of a log is shown as it is written", () => {
	const attributes = { [HOSTILE]: HOSTILE, list: [HOSTILE] };
	const host = show(
		log("", 1, HOSTILE, {
			service: HOSTILE,
			attributes,
			resource: attributes,
			severity_text: HOSTILE,
			correlation: [{ key: HOSTILE, value: HOSTILE }],
		}),
	);
	expect(host.querySelectorAll("img, script")).toHaveLength(0);
	expect(host.querySelector(".body")?.textContent).toBe(HOSTILE);
	expect(host.querySelector(".panel-title")?.textContent).toContain(HOSTILE);
});

test("markup in any field of a span is shown as it is written", () => {
	const exception = {
		"exception.type": HOSTILE,
		"exception.message": HOSTILE,
		"exception.stacktrace": `${HOSTILE}\n  at ${HOSTILE}`,
	};
	const events = [
		{ time: "1", name: "exception", attributes: exception },
		{ time: "2", name: HOSTILE, attributes: { a: HOSTILE } },
	];
	const host = show(
		span("a", "", 0, 1, { name: HOSTILE, status: "error", status_message: HOSTILE, events, kind: HOSTILE }),
	);
	expect(host.querySelectorAll("img, script")).toHaveLength(0);
	expect(host.querySelector(".stack")?.textContent).toContain(HOSTILE);
});

test("values keep their digits and say their types", () => {
	const host = show(
		span("a", "", 0, 1, { attributes: { big: "9223372036854775807", half: 1284.5, yes: true, none: null, empty: "" } }),
	);
	const shown = [...host.querySelectorAll(".attribute dd")].map((value) => value.firstChild?.textContent);
	expect(shown.slice(0, 3)).toEqual(["9223372036854775807", "1284.5", "true"]);
	expect([...host.querySelectorAll(".type")].map((type) => type.textContent?.trim())).toEqual(
		expect.arrayContaining(["double", "bool", "empty", "empty string"]),
	);
});
