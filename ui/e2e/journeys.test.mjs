//! What a person does with the page, in a real browser: at the root and under a path prefix.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startBrowser, startServer } from "./browser.mjs";

const ORDER = "ord-cfc5d07fbf424132";
const FLOW = `flow/order.id/${ORDER}`;

for (const prefix of ["/", "/some/prefix/"]) {
	describe(`under ${prefix}`, () => {
		let server;
		let browser;
		before(async () => {
			server = await startServer(prefix);
			browser = await startBrowser();
		});
		after(async () => {
			await browser?.stop();
			server?.stop();
		});

		/** A journey from an address; fails when the page logged an error or asked anyone else. */
		function journey(name, path, walk, options) {
			test(name, async () => {
				const { page, wrong, context } = await browser.open(server.base, path, options);
				try {
					await walk(page, context);
					assert.deepEqual(wrong, []);
				} catch (error) {
					const shot = join(browser.shots, `${name.replace(/\W+/g, "-")}.png`);
					await page.screenshot({ path: shot });
					error.message += `\n(screenshot: ${shot}, address: ${page.url()})`;
					throw error;
				} finally {
					await context.close();
				}
			});
		}

		journey("a pasted id leads to the cause of its flow", "", async (page) => {
			await page.waitForSelector(".table");
			await press(page, "/");
			await page.keyboard.type(`  ${ORDER} `);
			await press(page, "Enter");
			await page.waitForSelector(".row.sel");
			assert.equal(page.url(), `${server.base}${FLOW}`);
			assert.match(await page.innerText(".row.sel"), /payment/);
			assert.match(await page.innerText(".cause"), /gateway timed out.*owner payments/s);
			assert.match(await page.innerText(".panel"), /UpstreamTimeout/);
		});

		journey("keys walk through rows, errors, folds, parents and views", FLOW, async (page) => {
			await page.waitForSelector(".row.sel");
			for (const [keys, row] of [
				["j", /Charge request/],
				["e", /Charge failed/],
				["E", /payment/],
				["ArrowLeft", /2 rows/],
				["g", /PlaceOrder/],
			]) {
				await press(page, keys);
				assert.match(await page.innerText(".row.sel"), row, keys);
			}
			await press(page, "2");
			await page.waitForSelector(".lanes canvas");
			await press(page, "3");
			await page.waitForSelector(".events");
			await press(page, "1", "Escape");
			assert.equal(await page.locator(".row.sel").count(), 0);
			await press(page, "?");
			assert.equal(await page.locator("dialog[open]").count(), 1);
		});

		journey("a copied link opens the same in another tab, and back undoes a zoom", FLOW, async (page, context) => {
			await page.waitForSelector(".row.sel");
			await press(page, "j", "f", "y");
			const link = await page.evaluate(() => navigator.clipboard.readText());
			assert.equal(link, page.url());
			assert.match(link, /zoom=\d{19}-\d{19}/);
			const other = await context.newPage();
			await other.goto(link);
			assert.match(await other.innerText(".row.sel"), /Charge request/);
			assert.equal(await other.locator('.pill:has-text("Zoomed")').count(), 1);
			await other.close();
			await page.goBack();
			await page.waitForFunction(() => !window.location.search.includes("zoom"));
		});

		journey("a filter counts what it leaves, and escape takes it back", FLOW, async (page) => {
			await page.click("#flow-filter");
			await page.keyboard.type("service:payment");
			await page.waitForFunction(() => document.querySelector(".filter span")?.textContent === "3 of 25");
			assert.match(await page.innerText(".row.trace"), /hidden by the filter/);
			await press(page, "Escape");
			await page.waitForFunction(() => document.querySelector(".filter span")?.textContent === "25 of 25");
		});

		journey("a drag over the overview zooms, a double click shows all", FLOW, async (page) => {
			await drag(page, ".mini", 0.1, 0.4);
			await page.waitForFunction(() => window.location.search.includes("zoom="));
			await page.dblclick(".mini");
			await page.waitForFunction(() => !window.location.search.includes("zoom="));
		});

		journey("markup in records is only text", FLOW, async (page) => {
			await page.waitForSelector(".row.sel");
			assert.match(await page.innerText(".grid"), /<script>alert/);
			assert.equal(await page.locator("main script").count(), 0);
		});

		journey("several answers are a choice, none is a search that says so", "find?id=8f2c", async (page) => {
			await page.waitForSelector(".choice-row");
			assert.equal(await page.locator(".choice-row").count(), 4);
			await press(page, "/");
			await page.keyboard.type("zzz-none");
			await press(page, "Enter");
			await page.waitForSelector(".banner");
			assert.match(await page.innerText(".banner"), /zzz-none is no ID here/);
		});

		journey("a query that cannot be read is marked where it is wrong", "search?q=abc%20((%20def", async (page) => {
			await page.waitForSelector(".problem");
			assert.equal(await page.innerText(".problem-line b"), "(");
			assert.match(await page.innerText(".problem"), /column 6.*expected/s);
		});

		journey("a search grows by scrolling, and a drag over the volume is a range", "search?q=request", async (page) => {
			await page.waitForSelector(".result");
			await page.waitForFunction(() => {
				const list = document.querySelector(".virtual");
				if (list) list.scrollTop = list.scrollHeight;
				return Number.parseInt(document.querySelector(".total")?.textContent ?? "0", 10) > 250;
			});
			await drag(page, ".volume-plot", 0.2, 0.5);
			await page.waitForFunction(() => /start=\d{19}&end=\d{19}/.test(window.location.search));
			await page.waitForSelector(".result");
			await press(page, "j");
			await page.waitForSelector(".panel");
		});

		journey("what is missing, too common or cut says what to do", "flow/order.id/nothing", async (page) => {
			assert.match(await page.innerText(".notice"), /Nothing carries nothing/);
			await page.goto(`${server.base}flow/order.id/common`);
			assert.match(await page.innerText(".notice"), /18,204 traces/);
			await page.goto(`${server.base}flow/order.id/ord-cut`);
			assert.match(await page.innerText(".banner"), /48,180 spans/);
			await page.goto(`${server.base}flow/order.id/ord-running`);
			assert.match(await page.innerText(".grid"), /parent still running/);
		});

		journey("10,000 spans scroll at the screen's pace", "flow/order.id/batch-10k", async (page) => {
			await page.waitForSelector(".row.trace");
			const frames = await page.evaluate(scrollThrough);
			assert.ok(frames.rows < 120, `${frames.rows} rows exist`);
			// Half the frames within 40 ms: twice the screen's pace, so that a loaded machine does not fail it.
			assert.ok(frames.median < 40, `a frame takes ${frames.median} ms`);
		});

		journey(
			"a phone shows the picture first, and a tap opens the panel over it",
			FLOW,
			async (page) => {
				await page.waitForSelector(".row.trace");
				assert.equal(await page.locator(".panel:visible").count(), 0);
				await page.click('.row[aria-selected]:has-text("payment") >> nth=0');
				await page.waitForSelector(".panel:visible");
				const overflow = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
				assert.equal(overflow, false);
			},
			{ viewport: { width: 390, height: 844 }, hasTouch: true },
		);
	});
}

async function press(page, ...keys) {
	for (const key of keys) {
		await page.keyboard.press(key);
		// The next key sees what this one did.
		await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
	}
}

async function drag(page, selector, from, to) {
	const box = await (await page.waitForSelector(selector)).boundingBox();
	const y = box.y + box.height / 2;
	await page.mouse.move(box.x + box.width * from, y);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
	await page.mouse.up();
}

async function scrollThrough() {
	const list = document.querySelector(".virtual");
	const times = [];
	let last = performance.now();
	for (let step = 0; step < 60; step++) {
		list.scrollTop = step * 1500;
		await new Promise((resolve) => requestAnimationFrame(resolve));
		times.push(performance.now() - last);
		last = performance.now();
	}
	times.sort((a, b) => a - b);
	return { rows: document.querySelectorAll(".row").length, median: times[30] };
}
