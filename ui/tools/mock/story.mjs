//! The story the drawing tells, as API answers: an order that fails in the payment, over three traces and a service that only logs.

const T0 = 1_795_372_024_812_000_000n; // 2026-11-22 18:27:04.812 UTC
const ORDER = "ord-cfc5d07fbf424132";
const TRACES = [
	"4bf92f3577b34da6a3ce929d0e0e4736",
	"9f1c2d3e4b5a69788796a5b4c3d2e1f0",
	"0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4f5",
];
const OWNERS = {
	payment: "payments",
	checkout: "shop",
	frontend: "web",
	accounting: "finance",
	"fraud-detection": "risk",
};
const ms = (value) => BigInt(Math.round(value * 1e6));

let counter = 0;
const spans = [];
const logs = [];

function resource(service) {
	return {
		"service.name": service,
		"service.version": "2.1.3",
		"service.instance.id": "8b464028-558b-4539-9867-2dfd0aed426c",
		"k8s.pod.name": `${service}-7d9c6bf5c4-1`,
		"k8s.namespace.name": "shop",
		"telemetry.sdk.language": "nodejs",
	};
}

export function span(trace, service, name, parent, at, duration, more = {}) {
	counter += 1;
	const start = T0 + ms(at);
	const record = {
		record: `r${counter}`,
		signal: "spans",
		time: `${start}`,
		end: `${start + ms(duration)}`,
		duration_ns: `${ms(duration)}`,
		service,
		owner: OWNERS[service] ?? null,
		resource: resource(service),
		scope: { name: "@opentelemetry/instrumentation-grpc", version: "0.52.0", attributes: {} },
		trace_id: TRACES[trace] ?? trace,
		span_id: (0xa1b2c3d400000000n + BigInt(counter)).toString(16),
		parent_span_id: parent?.span_id ?? "",
		name,
		kind: "server",
		status: "unset",
		status_message: "",
		trace_state: "",
		attributes: {},
		events: [],
		links: [],
		correlation: [],
		...more,
	};
	spans.push(record);
	return record;
}

export function log(on, service, severity, at, body, more = {}) {
	counter += 1;
	const numbers = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
	const record = {
		record: `r${counter}`,
		signal: "logs",
		time: `${T0 + ms(at)}`,
		observed_time: `${T0 + ms(at + 0.2)}`,
		service,
		owner: OWNERS[service] ?? null,
		resource: resource(service),
		scope: { name: "app", version: "", attributes: {} },
		trace_id: on?.trace_id ?? "",
		span_id: on?.span_id ?? "",
		severity,
		severity_number: numbers[severity] ?? 0,
		severity_text: severity.toUpperCase(),
		body,
		event_name: "",
		attributes: {},
		correlation: [{ key: "order.id", value: ORDER }],
		...more,
	};
	logs.push(record);
	return record;
}

const STACK = `UpstreamTimeout: gateway timed out after 1500 ms
    at charge (/usr/src/app/charge.js:84:11)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async chargeServiceHandler (/usr/src/app/index.js:21:22)
    at async /usr/src/app/node_modules/@grpc/grpc-js/build/src/server-call.js:418:20`;

function checkout() {
	const failed = { status: "error", status_message: "call to payment failed" };
	const root = span(0, "frontend", "POST /api/checkout", null, 0, 1940, {
		...failed,
		attributes: {
			"http.request.method": "POST",
			"url.path": "/api/checkout",
			"http.response.status_code": 500,
			"user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0",
		},
		correlation: [{ key: "order.id", value: ORDER }],
	});
	log(root, "frontend", "info", 8, "request accepted user=8f2c cart=4 items");
	const place = span(0, "checkout", "PlaceOrder", root, 24, 1910, {
		...failed,
		correlation: [{ key: "order.id", value: ORDER }],
	});
	span(0, "cart", "GetCart", place, 41, 31, { kind: "client" });
	for (const [at, took] of [
		[72, 15],
		[88, 14],
		[104, 16],
	]) {
		const get = span(0, "product-catalog", "GetProduct", place, at, took);
		span(0, "product-catalog", "SELECT shop.products", get, at + 3, took - 6, {
			kind: "client",
			attributes: {
				"db.system": "postgresql",
				"db.query.text": "SELECT id, name, price FROM shop.products WHERE id = $1",
				"db.rows": 1,
			},
		});
	}
	const reserve = span(0, "inventory", "Reserve", place, 132, 42);
	log(reserve, "inventory", "info", 169, {
		message: "reserved 4 units of OLJCESPC7Z in wh-3, 118 left",
		sku: "OLJCESPC7Z",
		units: 4,
		warehouse: "wh-3",
	});
	span(0, "shipping", "POST /get-quote", place, 182, 33);
	const charge = span(0, "payment", "Charge", place, 227, 1512.004211, {
		status: "error",
		status_message: "gateway timed out after 1500 ms",
		attributes: {
			"rpc.method": "oteldemo.PaymentService/Charge",
			"rpc.grpc.status_code": 13,
			"app.payment.amount": 1284.5,
			"app.payment.currency": "KRW",
			"app.payment.retry": true,
			"app.payment.attempts": 2,
			"server.address": "payment.shop.svc",
			"app.payment.scopes": ["charge", "capture"],
			"app.gateway.cursor": "9223372036854775807",
		},
		events: [
			{
				time: `${T0 + ms(1735)}`,
				name: "exception",
				attributes: {
					"exception.type": "UpstreamTimeout",
					"exception.message": "gateway timed out after 1500 ms",
					"exception.stacktrace": STACK,
				},
			},
		],
		correlation: [
			{ key: "order.id", value: ORDER },
			{ key: "correlation.id", value: "c-7731-aa" },
		],
	});
	log(charge, "payment", "info", 227.4, "Charge request received. card=visa amount=1284.50 KRW");
	log(charge, "payment", "error", 1735.2, "Charge failed: gateway timed out after 1500ms card=visa last4=4242", {
		attributes: {
			"exception.type": "UpstreamTimeout",
			"exception.message": "gateway timed out after 1500 ms",
			"exception.stacktrace": STACK,
		},
	});
	log(
		place,
		"checkout",
		"warn",
		1744,
		"call to payment failed after 1512ms, giving up <script>alert('text, only text')</script>",
	);
	const publish = span(0, "checkout", "orders publish", place, 1880, 22, {
		kind: "producer",
		attributes: { "messaging.destination.name": "orders" },
	});
	return { charge, publish };
}

function consumers(publish) {
	const link = [{ trace_id: publish.trace_id, span_id: publish.span_id, attributes: {} }];
	const account = span(1, "accounting", "orders process", null, 2114, 188, {
		kind: "consumer",
		links: link,
		attributes: { "messaging.destination.name": "orders", "messaging.system": "kafka" },
	});
	span(1, "accounting", "INSERT ledger", account, 2160, 114, {
		kind: "client",
		attributes: { "db.system": "postgresql" },
	});
	log(account, "accounting", "info", 2290, `Order details: OrderId = ${ORDER}, Offset = 8841207`);
	const fraud = span(2, "fraud-detection", "orders process", null, 41104, 96, {
		kind: "consumer",
		links: link,
		attributes: { "messaging.destination.name": "orders", "messaging.system": "kafka" },
	});
	log(fraud, "fraud-detection", "warn", 41180, `score 71 for order ${ORDER} above soft threshold`);
	log(null, "legacy-billing", "info", 41190, `[billing] invoice draft for ${ORDER} opened`);
	log(null, "legacy-billing", "info", 41198, `[billing] invoice draft for ${ORDER} discarded`);
	return [
		{
			trace_id: account.trace_id,
			span_id: account.span_id,
			to_trace_id: publish.trace_id,
			to_span_id: publish.span_id,
			queue_ns: `${ms(212)}`,
		},
		{
			trace_id: fraud.trace_id,
			span_id: fraud.span_id,
			to_trace_id: publish.trace_id,
			to_span_id: publish.span_id,
			queue_ns: `${ms(39202)}`,
		},
	];
}

/** Sums up spans and logs as the server does. */
export function flowOf(id, key, flowSpans, flowLogs, links, more = {}) {
	const byTime = (a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : 1);
	flowSpans.sort(byTime);
	flowLogs.sort(byTime);
	const all = [...flowSpans, ...flowLogs];
	const isError = (r) => (r.signal === "spans" ? r.status === "error" : ["error", "fatal"].includes(r.severity));
	const extent = (list) => [
		list.reduce((m, r) => (BigInt(r.time) < m ? BigInt(r.time) : m), BigInt(list[0].time)),
		list.reduce((m, r) => (BigInt(r.end ?? r.time) > m ? BigInt(r.end ?? r.time) : m), 0n),
	];
	const traces = [...new Set(flowSpans.map((s) => s.trace_id))].map((trace) => {
		const own = flowSpans.filter((s) => s.trace_id === trace);
		const root = own.find((s) => !s.parent_span_id) ?? own[0];
		const [start, end] = extent(own);
		const link = links.find((l) => l.trace_id === trace);
		const from = link && flowSpans.find((s) => s.span_id === link.to_span_id);
		const ownLogs = flowLogs.filter((l) => l.trace_id === trace);
		return {
			trace_id: trace,
			root_service: root.service,
			root_name: root.name,
			start: `${start}`,
			end: `${end}`,
			span_count: own.length,
			log_count: ownLogs.length,
			error_count: [...own, ...ownLogs].filter(isError).length,
			linked_from: from
				? { trace_id: from.trace_id, span_id: from.span_id, service: from.service, queue_ns: link.queue_ns }
				: null,
		};
	});
	const services = [...new Set(all.map((r) => r.service))].map((name) => ({
		name,
		owner: OWNERS[name] ?? null,
		span_count: flowSpans.filter((s) => s.service === name).length,
		log_count: flowLogs.filter((l) => l.service === name).length,
		error_count: all.filter((r) => r.service === name && isError(r)).length,
	}));
	const [start, end] = extent(all);
	return {
		id,
		keys: [key],
		state: "ok",
		cause: null,
		completeness: { verdict: "complete", reasons: [] },
		start: `${start}`,
		end: `${end}`,
		adjusted: false,
		busy_ns: `${busy(all)}`,
		queue_ns: `${links.reduce((sum, link) => sum + BigInt(link.queue_ns ?? 0), 0n)}`,
		traces,
		services,
		span_count: flowSpans.length,
		log_count: flowLogs.length,
		error_count: all.filter(isError).length,
		duplicate_count: 0,
		truncated: null,
		links,
		queues: [],
		critical_path: flowSpans.filter((s) => !s.parent_span_id).map(segment),
		gaps: [],
		skew: null,
		spans: flowSpans,
		logs: flowLogs,
		stats: { splits: 12, elapsed_ms: 3 },
		...more,
	};
}

/** A span as a part of the critical path. */
function segment({ record, trace_id, span_id, service, time, end, duration_ns }) {
	return { kind: "span", record, trace_id, span_id, service, start: time, end, self_ns: duration_ns };
}

/** How long at least one span was open. */
function busy(records) {
	let [total, until] = [0n, 0n];
	for (const { time, end } of [...records].sort((a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : 1))) {
		const [from, to] = [BigInt(time), BigInt(end ?? time)];
		if (to > until) total += to - (from > until ? from : until);
		if (to > until) until = to;
	}
	return total;
}

/** Spans and logs made since the last call. */
export function taken() {
	return [spans.splice(0), logs.splice(0)];
}

/** The failed order. */
export function failedOrder() {
	const { charge, publish } = checkout();
	const links = consumers(publish);
	const [flowSpans, flowLogs] = taken();
	return flowOf(ORDER, "order.id", flowSpans, flowLogs, links, {
		state: "error",
		duplicate_count: 3,
		cause: {
			record: charge.record,
			signal: "spans",
			service: "payment",
			owner: "payments",
			name: "oteldemo.PaymentService/Charge",
			message: "gateway timed out after 1500 ms",
			trace_id: charge.trace_id,
			span_id: charge.span_id,
			time: charge.time,
		},
		completeness: {
			verdict: "complete",
			reasons: [
				{ code: "duplicates_removed", message: "3 records arrived more than once and are shown once", count: 3 },
			],
		},
	});
}

export { OWNERS, T0, TRACES };
