//! Further flows for the mock server: a large one, one that runs, one that lacks parents and is cut.

import { flowOf, log, span, T0, taken } from "./story.mjs";

const SERVICES = [
	"frontend",
	"checkout",
	"cart",
	"payment",
	"shipping",
	"inventory",
	"email",
	"recommendation",
	"ad",
	"currency",
];

/** A deterministic stream of numbers in [0, 1). */
export function random(seed) {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 4294967296;
	};
}

/** `count` spans over one trace per 2,500, a third as many logs. */
export function largeFlow(count) {
	const next = random(7);
	for (let trace = 0; trace * 2500 < count; trace++) {
		const id = (0xabcdef0000000000000000000000n + BigInt(trace)).toString(16).padStart(32, "0");
		const base = trace * 9000;
		const open = [span(id, "frontend", "POST /bulk", null, base, 8000)];
		for (let index = 1; index < Math.min(2500, count - trace * 2500); index++) {
			const parent = open[Math.floor(next() ** 2 * open.length)];
			const from = Number(BigInt(parent.time) - T0) / 1e6;
			const long = Number(parent.duration_ns) / 1e6;
			const at = from + next() * long * 0.6;
			const took = Math.max(0.05, (from + long - at) * next());
			const error = next() < 0.01;
			const made = span(
				id,
				SERVICES[Math.floor(next() * SERVICES.length)],
				`step ${index}`,
				parent,
				at,
				took,
				error ? { status: "error", status_message: "refused" } : {},
			);
			open.push(made);
			if (open.length > 400) open.splice(Math.floor(next() * 200), 1);
			if (next() < 0.33)
				log(made, made.service, error ? "error" : "info", at + took / 2, `worked on item ${index} of the batch`);
		}
	}
	const [spans, logs] = taken();
	return flowOf("batch-10k", "order.id", spans, logs, []);
}

/** A flow whose root has not ended, so only its children are there. */
export function runningFlow() {
	const root = { span_id: "00f067aa0ba902b7" };
	const id = "5bf92f3577b34da6a3ce929d0e0e4700";
	const place = span(id, "checkout", "PlaceOrder", root, 20, 340);
	span(id, "cart", "GetCart", place, 30, 22);
	log(place, "checkout", "info", 350, "waiting for the warehouse to confirm");
	span(id, "inventory", "Reserve", root, 380, 120);
	const [spans, logs] = taken();
	return flowOf("ord-running", "order.id", spans, logs, [], {
		state: "running",
		completeness: {
			verdict: "unknown",
			reasons: [{ code: "missing_parents", message: "1 span names a parent that has not arrived", count: 1 }],
		},
	});
}

/** A flow that was cut and lacks parents. */
export function cutFlow() {
	const id = "6bf92f3577b34da6a3ce929d0e0e4700";
	const lost = { span_id: "00f067aa0ba902ff" };
	for (let index = 0; index < 30; index++)
		span(id, SERVICES[index % 10], `GetPart ${index}`, lost, index * 11, 9 + index);
	const [spans, logs] = taken();
	return flowOf("ord-cut", "order.id", spans, logs, [], {
		span_count: 48_210,
		log_count: 9_120,
		truncated: { reason: "more than 10,000 records in this flow", spans: 48_180, logs: 9_120, traces: 14 },
		completeness: {
			verdict: "incomplete",
			reasons: [
				{ code: "missing_parents", message: "30 spans name a parent that is not stored", count: 30 },
				{ code: "clock_skew", message: "clock of cart is 12 ms behind checkout", count: 1 },
				{ code: "truncated", message: "57,300 records are left out", count: 57300 },
			],
		},
	});
}
