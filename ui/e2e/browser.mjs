//! A browser and a server with made-up data for the journeys; both end with the tests.

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const TOOLS = join(dirname(fileURLToPath(import.meta.url)), "..", "tools");

/** Starts the mock server under a prefix; gives its address and a way to end it. */
export function startServer(prefix) {
	const child = spawn(process.execPath, [join(TOOLS, "mock-server.mjs"), "0", prefix], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	return new Promise((resolve, reject) => {
		child.once("exit", (code) => reject(new Error(`the mock server ended with ${code}`)));
		child.stdout.once("data", (text) =>
			resolve({ base: /http:\S+/.exec(text.toString())[0], stop: () => child.kill() }),
		);
	});
}

/** Starts Chromium. Each `open` gives a page of its own context that collects what must not happen. */
export async function startBrowser() {
	const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
	const shots = mkdtempSync(join(tmpdir(), "spoor-ui-"));
	async function open(base, path, options = {}) {
		const context = await browser.newContext({
			viewport: { width: 1440, height: 900 },
			permissions: ["clipboard-read", "clipboard-write"],
			...options,
		});
		const page = await context.newPage();
		const wrong = [];
		page.on("pageerror", (error) => wrong.push(error.message));
		page.on("console", (message) => {
			// A refused call is logged by the browser itself; anything else is the page's.
			if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
				wrong.push(message.text());
		});
		page.on("request", (request) => {
			if (!request.url().startsWith(base)) wrong.push(`request outside: ${request.url()}`);
		});
		await page.goto(base + path);
		return { page, wrong, context };
	}
	return { open, shots, stop: () => browser.close() };
}
