//! Serves the built page with made-up data, for work on the page without a Spoor: `node tools/mock-server.mjs [port] [prefix]`.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { cutFlow, largeFlow, random, runningFlow } from "./mock/more.mjs";
import { failedOrder, OWNERS, T0 } from "./mock/story.mjs";

const PORT = Number(process.argv[2] ?? 4000);
const PREFIX = process.argv[3] ?? "/";
const DIST = process.env.DIST ?? join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const TYPES = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript",
	".css": "text/css",
	".svg": "image/svg+xml",
};
const CSP =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const order = failedOrder();
const flows = { [order.id]: order, "batch-10k": largeFlow(10_000), "ord-running": runningFlow(), "ord-cut": cutFlow() };
for (const flow of Object.values(flows)) {
	for (const { trace_id: trace } of flow.traces) {
		const mine = (record) => record.trace_id === trace;
		flows[trace] = {
			...flow,
			id: trace,
			keys: ["trace_id"],
			spans: flow.spans.filter(mine),
			logs: flow.logs.filter(mine),
			traces: flow.traces.filter(mine),
			links: flow.links.filter(mine),
		};
	}
}
const records = [...order.spans, ...order.logs, ...noise()].sort((a, b) => (BigInt(a.time) < BigInt(b.time) ? 1 : -1));

/** Logs around the order, so that a search has something to count. */
function noise() {
	const next = random(3);
	const made = [];
	for (let index = 0; index < 1500; index++) {
		const like = order.logs[index % order.logs.length];
		const draw = next();
		const severity = draw < 0.04 ? "error" : draw < 0.14 ? "warn" : draw < 0.3 ? "debug" : "info";
		const time = T0 - BigInt(Math.floor(Math.sqrt(next()) * 3.6e12)) + 100_000_000_000n;
		const text = {
			error: "connection reset by peer while writing to ledger-db",
			warn: "slow response from gateway, 812 ms",
			debug: "cache miss key=cart:8f2c",
			info: "request served in 12 ms status=200",
		}[severity];
		made.push({
			...like,
			record: `n${index}`,
			time: `${time}`,
			severity,
			severity_text: severity.toUpperCase(),
			body: text,
			trace_id: "",
			span_id: "",
			attributes: { index },
			correlation: index % 5 ? [] : like.correlation,
		});
	}
	return made;
}

class Refused extends Error {
	constructor(status, error) {
		super(error.message);
		this.status = status;
		this.error = error;
	}
}

function findId(id) {
	const hex = id.replaceAll("-", "").toLowerCase();
	const matches = [];
	const info = (flow) => ({ first: flow.start, last: flow.end, spans: flow.span_count, logs: flow.log_count });
	for (const flow of Object.values(flows)) {
		if (flow.id === id || flow.id === hex)
			matches.push({
				kind: flow.keys[0] === "trace_id" ? "trace" : "flow",
				key: flow.keys[0],
				id: flow.id,
				...info(flow),
			});
		const span = flow.keys[0] === "trace_id" && flow.spans.find((one) => one.span_id === hex);
		if (span) matches.push({ kind: "span", key: null, id: hex, trace_id: span.trace_id, ...info(flow) });
	}
	if (id === "8f2c") {
		const consumer = order.spans.find((span) => span.kind === "consumer");
		matches.push(
			{ kind: "flow", key: "order.id", id: order.id, ...info(order) },
			{ kind: "flow", key: "user.id", id, ...info(order) },
		);
		matches.push(
			{ kind: "trace", key: null, id: order.traces[0].trace_id, ...info(order) },
			{ kind: "span", key: null, id: consumer.span_id, trace_id: consumer.trace_id, ...info(order) },
		);
	}
	return { id, normalized: hex, matches };
}

function selected(params) {
	const q = params.get("q") ?? "";
	const bad = q.indexOf("((");
	if (bad >= 0)
		throw new Refused(400, {
			code: "syntax",
			message: `a group is empty (column ${bad + 2})`,
			position: bad + 1,
			expected: "a word, a phrase or field:value",
		});
	const words = q.toLowerCase().split(/\s+/).filter(Boolean);
	const [start, end] = [nanosOf(params.get("start")), nanosOf(params.get("end"))];
	return records.filter((record) => {
		if (record.signal !== (params.get("signal") ?? "logs")) return false;
		if ((start && BigInt(record.time) < start) || (end && BigInt(record.time) >= end)) return false;
		const text = `${record.service} ${record.name ?? ""} ${JSON.stringify(record.body ?? "")}`.toLowerCase();
		return words.every((word) => {
			if (word === "severity:>=error" || word === "severity:error") return record.severity === "error";
			if (word === "status:error") return record.status === "error";
			if (word.startsWith("service:")) return record.service === word.slice(8);
			return text.includes(word);
		});
	});
}

function nanosOf(text) {
	if (!text) return null;
	const relative = /^-(\d+)([smhd])$/.exec(text);
	if (relative)
		return (
			T0 +
			60_000_000_000n -
			BigInt(relative[1]) *
				{ s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n, d: 86_400_000_000_000n }[relative[2]]
		);
	return BigInt(text);
}

function histogram(params) {
	const found = selected(params);
	const count = Number(params.get("buckets") ?? 60);
	const start = nanosOf(params.get("start")) ?? BigInt(found.at(-1)?.time ?? T0);
	const end = nanosOf(params.get("end")) ?? BigInt(found[0]?.time ?? T0) + 1n;
	const interval = (end - start) / BigInt(count) + 1n;
	const buckets = Array.from({ length: count }, (_, index) => ({
		start: `${start + interval * BigInt(index)}`,
		count: 0,
		by: {},
	}));
	for (const record of found) {
		const bucket = buckets[Number((BigInt(record.time) - start) / interval)];
		const by = params.get("by") === "service" ? record.service : record.severity;
		bucket.count += 1;
		bucket.by[by] = (bucket.by[by] ?? 0) + 1;
	}
	return { start: `${start}`, end: `${end}`, interval_ns: `${interval}`, buckets, total: found.length, stats: {} };
}

function search(params) {
	const found = selected(params);
	const from = Number(params.get("cursor") || 0);
	const limit = Number(params.get("limit") ?? 100);
	const cursor = from + limit < found.length ? `${from + limit}` : null;
	return {
		records: found.slice(from, from + limit),
		cursor,
		total: found.length,
		stats: { splits: 12, skipped: 9, elapsed_ms: 4 },
	};
}

function flowById(id) {
	if (id === "common")
		throw new Refused(422, {
			code: "too_common",
			message: "the value common is shared by 18,204 traces, more than 1,000: give a time range",
		});
	const flow = flows[id];
	if (!flow) throw new Refused(404, { code: "not_found", message: `nothing carries ${id}` });
	return flow;
}

function answer(path, params) {
	if (path === "find") return findId(params.get("id") ?? "");
	if (path === "search") return search(params);
	if (path === "histogram") return histogram(params);
	if (path === "services")
		return process.env.EMPTY
			? { services: [] }
			: {
					services: order.services.map((one) => ({
						...one,
						owner: OWNERS[one.name] ?? null,
						span_count: one.span_count * 1830,
						log_count: one.log_count * 9120,
						error_count: one.error_count * 17,
					})),
				};
	if (path.startsWith("flows/")) return flowById(decodeURIComponent(path.slice(6)));
	throw new Refused(404, { code: "not_found", message: `no such call: ${path}` });
}

function serveFile(path, response) {
	const inside = normalize(path).replace(/^([/\\.])+/, "");
	try {
		if (inside === "" || inside === "index.html") throw new Error("the page");
		const content = readFileSync(join(DIST, inside));
		response.writeHead(200, { "content-type": TYPES[extname(inside)] ?? "application/octet-stream" }).end(content);
	} catch {
		const up = path.split("/").length - 1;
		const page = readFileSync(join(DIST, "index.html"), "utf8").replace(
			'<base href="/"',
			`<base href="${"../".repeat(up) || "./"}"`,
		);
		response.writeHead(200, { "content-type": TYPES[".html"], "content-security-policy": CSP }).end(page);
	}
}

const server = createServer((request, response) => {
	const url = new URL(request.url, "http://localhost");
	if (!url.pathname.startsWith(PREFIX)) return response.writeHead(404).end("outside the prefix");
	const path = url.pathname.slice(PREFIX.length);
	if (!path.startsWith("api/v1/")) return serveFile(path, response);
	try {
		const body = JSON.stringify(answer(path.slice(7), url.searchParams));
		response.writeHead(200, { "content-type": "application/json" }).end(body);
	} catch (error) {
		response.writeHead(error.status ?? 500, { "content-type": "application/json" });
		response.end(JSON.stringify({ error: error.error ?? { code: "internal", message: error.message } }));
	}
});
server.listen(PORT, "127.0.0.1", () => console.log(`mock Spoor on http://127.0.0.1:${server.address().port}${PREFIX}`));
