//! What a person does with the page: `node journey.cjs '{"base": URL, "order": ID, "trace": ID, "shots": FOLDER}'`.
//!
//! Prints what was seen as JSON; the test that calls it judges. A step that does not come about fails with its name.

"use strict";

const { join } = require("node:path");
const { chromium } = require("playwright-core");

const { base, order, trace, shots } = JSON.parse(process.argv[2]);
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
// Without these the browser looks for its maker's servers, which no page of ours asked for.
const QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const seen = { wrong: [], steps: {} };

/** A page that notes what must not happen. */
async function open(browser, viewport, colorScheme) {
	const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
	const page = await context.newPage();
	page.setDefaultTimeout(20_000);
	page.on("pageerror", (error) => seen.wrong.push(`page error: ${error.message}`));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) seen.wrong.push(`console: ${message.text()}`);
	});
	page.on("request", (request) => {
		const url = request.url();
		if (!url.startsWith(base) && !url.startsWith("data:")) seen.wrong.push(`request outside: ${url}`);
	});
	page.on("response", (response) => {
		if (response.status() >= 400) seen.wrong.push(`${response.status()} for ${response.url()}`);
	});
	return page;
}

/** Does one step; its failure names it and leaves a picture. */
async function step(page, name, walk) {
	try {
		seen.steps[name] = await walk();
	} catch (error) {
		await page.screenshot({ path: join(shots, "failed.png") }).catch(() => {});
		throw new Error(`${name}: ${error.message} (at ${page.url()}, see ${shots}/failed.png)`);
	}
}

async function paste(page, text) {
	const box = page.getByPlaceholder("Paste any ID");
	await box.click();
	await box.fill(text);
	await box.press("Enter");
}

const shoot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });

async function main() {
	const browser = await chromium.launch({
		executablePath: process.env.E2E_CHROMIUM || "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", ...QUIET],
	});
	try {
		for (const [name, viewport, scheme] of [
			["light", DESK, "light"],
			["dark", DESK, "dark"],
			["phone", PHONE, "light"],
		]) {
			const page = await open(browser, viewport, scheme);
			await step(page, `${name}: the first page`, async () => {
				await page.goto(base);
				await page.getByPlaceholder("Paste any ID").waitFor();
				await page.waitForLoadState("networkidle");
				await shoot(page, `${name}-home`);
				return page.innerText("body");
			});
			await step(page, `${name}: the flow`, async () => {
				await paste(page, `  ${order} `);
				await page.waitForSelector(".verdict .state.error");
				await page.waitForSelector(name === "phone" ? ".row" : ".row.sel");
				await page.waitForLoadState("networkidle");
				await shoot(page, `${name}-flow`);
				return { url: page.url(), verdict: await page.innerText(".verdict"), text: await page.innerText("main") };
			});
			if (name === "phone") continue;
			await step(page, `${name}: a row`, async () => {
				await page.locator(".row:not(.trace)", { hasText: "orders process" }).first().click();
				await page.locator(".panel", { hasText: "orders process" }).waitFor();
				await shoot(page, `${name}-row`);
				return page.innerText(".panel");
			});
			await step(page, `${name}: the events`, async () => {
				await page.keyboard.press("3");
				await page.waitForSelector(".events");
				await shoot(page, `${name}-events`);
				return page.innerText(".events");
			});
			await step(page, `${name}: the lanes`, async () => {
				await page.keyboard.press("2");
				await page.waitForSelector(".lanes canvas");
				await shoot(page, `${name}-lanes`);
				return page.innerText(".lanes");
			});
			await step(page, `${name}: a trace id in upper case`, async () => {
				await paste(page, trace.toUpperCase());
				await page.waitForURL((url) => url.href.toLowerCase().includes(trace));
				await page.locator(".verdict", { hasText: trace }).locator(".state.error").waitFor();
				return { url: page.url(), verdict: await page.innerText(".verdict") };
			});
			await step(page, `${name}: words`, async () => {
				await paste(page, '"parcel packed"');
				await page.getByText("parcel packed").nth(1).waitFor();
				await page.waitForLoadState("networkidle");
				await shoot(page, `${name}-search`);
				return page.innerText("main");
			});
			await step(page, `${name}: nothing found`, async () => {
				await paste(page, "0123456789abcdef0123456789abcdef");
				await page.getByText("No logs match").waitFor();
				await shoot(page, `${name}-nothing`);
				return page.innerText("main");
			});
			await page.context().close();
		}
	} finally {
		await browser.close();
	}
}

main().then(
	() => console.log(JSON.stringify(seen)),
	(error) => {
		console.error(error.message, JSON.stringify(seen.wrong));
		process.exit(1);
	},
);
