//! What axe-core finds on the main pages, in both colour schemes and on a phone: nothing serious.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import axe from "axe-core";
import { startBrowser, startServer } from "./browser.mjs";

const FLOW = "flow/order.id/ord-cfc5d07fbf424132";
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
/** Each with what must be there before it is judged. */
const PAGES = [
	["home", "", ".table"],
	["search", "search?q=request", ".result"],
	["a failed query", "search?q=abc%20((%20def", ".problem"],
	["flow", FLOW, ".row.trace"],
	["lanes", `${FLOW}?view=lanes`, ".lanes canvas"],
	["events", `${FLOW}?view=events`, ".row.event"],
	["services", "services", ".table"],
];

let server;
let browser;
before(async () => {
	server = await startServer("/");
	browser = await startBrowser();
});
after(async () => {
	await browser?.stop();
	server?.stop();
});

for (const [name, path, ready] of PAGES) {
	for (const [how, options] of [
		["light", { colorScheme: "light" }],
		["dark", { colorScheme: "dark" }],
		["on a phone", PHONE],
	]) {
		test(`${name}, ${how}`, async () => {
			const { page, context } = await browser.open(server.base, path, { reducedMotion: "reduce", ...options });
			try {
				await page.waitForSelector(ready);
				await page.evaluate(axe.source);
				const { violations } = await page.evaluate(() => window.axe.run());
				assert.deepEqual(violations.filter(isSerious).flatMap(describe), []);
			} finally {
				await context.close();
			}
		});
	}
}

function isSerious({ impact }) {
	return impact === "serious" || impact === "critical";
}

/** A finding on a few lines: the rule, where, and why. */
function describe({ id, nodes }) {
	return nodes
		.slice(0, 8)
		.map((node) => `${id}: ${node.target.join(" ")} — ${node.failureSummary.split("\n").slice(1).join(";")}`);
}
