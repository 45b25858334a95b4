// @vitest-environment happy-dom
//! Only rows in sight exist, whatever the number of rows.

import { type CSSProperties, render } from "preact";
import { beforeEach, expect, test } from "vitest";
import { VirtualRows } from "./virtual-rows";

beforeEach(() => {
	document.body.replaceChildren();
});

function show(count: number, reveal?: number): HTMLElement {
	const host = document.body.appendChild(document.createElement("div"));
	const draw = (index: number, style: CSSProperties) => (
		<div key={index} class="row" style={style}>
			{index}
		</div>
	);
	render(
		<VirtualRows
			count={count}
			heightOf={(index) => (index % 10 === 0 ? 30 : 25)}
			draw={draw}
			reveal={reveal}
			revealKey={reveal?.toString()}
		/>,
		host,
	);
	return host;
}

test("of 10,000 rows a few exist, the first ones, each in its place", () => {
	const rows = [...show(10_000).querySelectorAll<HTMLElement>(".row")];
	expect(rows.length).toBeGreaterThan(5);
	expect(rows.length).toBeLessThan(100);
	expect(rows.slice(0, 3).map((row) => [row.textContent, row.style.top, row.style.height])).toEqual([
		["0", "0px", "30px"],
		["1", "30px", "25px"],
		["2", "55px", "25px"],
	]);
});

test("the body is as high as all rows together", () => {
	const body = show(10_000).querySelector<HTMLElement>(".virtual-body");
	expect(body?.style.height).toBe(`${1000 * 30 + 9000 * 25}px`);
});

test("no rows are no rows", () => {
	expect(show(0).querySelectorAll(".row")).toHaveLength(0);
});

test("a row to reveal is scrolled to", () => {
	const list = show(10_000, 5000).querySelector<HTMLElement>(".virtual");
	expect(list?.scrollTop).toBeGreaterThan(100_000);
});
