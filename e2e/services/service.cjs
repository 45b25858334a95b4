//! One of the shop's Node services: `node service.cjs NAME '{"checkout": URL, "broker": URL}'`.
//!
//! Prints its port, then works until standard input closes. `POST /flush` exports and tells what was sent.

"use strict";

const http = require("node:http");
const { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, propagation, trace } = require("@opentelemetry/api");
const { SeverityNumber } = require("@opentelemetry/api-logs");
const { flush, log, orders, tracer } = require("./telemetry.cjs");

const [, , NAME, PEERS] = process.argv;
const peers = JSON.parse(PEERS);

/** Posts `body`; the status and the answer. */
async function call(url, body, headers = {}) {
	const answer = await fetch(url, {
		method: "POST",
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(body),
	});
	return [answer.status, await answer.json()];
}

/** Runs `work` in a span that ends with it. */
function within(name, options, parent, work) {
	return tracer.startActiveSpan(name, options, parent, async (span) => {
		try {
			return await work(span);
		} finally {
			span.end();
		}
	});
}

const INFO = { severityNumber: SeverityNumber.INFO, severityText: "INFO" };
const ERROR = { severityNumber: SeverityNumber.ERROR, severityText: "ERROR" };

/** Takes the order from outside, names it `order.id`, and asks checkout. */
async function storefront(_headers, { order, case: number, amount }) {
	const attributes = { "order.id": order, "e2e.case": number, "http.request.method": "POST" };
	return within("POST /orders", { kind: SpanKind.SERVER, attributes }, ROOT_CONTEXT, async (span) => {
		log.emit({ ...INFO, body: "order received", attributes: { "e2e.case": number } });
		const client = { kind: SpanKind.CLIENT, attributes: { "e2e.case": number } };
		const [status, told] = await within("POST /checkout", client, context.active(), async (asking) => {
			const headers = {};
			propagation.inject(context.active(), headers);
			const answer = await call(`${peers.checkout}/checkout`, { order, case: number, amount }, headers);
			if (answer[0] >= 400) asking.setStatus({ code: SpanStatusCode.ERROR });
			return answer;
		});
		if (status >= 400) span.setStatus({ code: SpanStatusCode.ERROR, message: "could not place the order" });
		return [status, told];
	});
}

/** Knows of cards, and of orders only through the trace it is called in. */
async function payment(headers, { case: number, amount }) {
	const parent = propagation.extract(ROOT_CONTEXT, headers);
	const mark = { "e2e.case": number };
	return within("POST /charge", { kind: SpanKind.SERVER, attributes: mark }, parent, (server) =>
		within("charge card", { attributes: { ...mark, amount } }, context.active(), async (span) => {
			if (amount <= 100) {
				log.emit({ ...INFO, body: { charged: amount, currency: "EUR" }, attributes: mark });
				return [200, { paid: amount }];
			}
			const error = new RangeError("card declined: over the limit");
			span.recordException(error);
			span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
			log.emit({ ...ERROR, body: error.message, attributes: { ...mark, "exception.type": error.name } });
			server.setStatus({ code: SpanStatusCode.ERROR });
			return [402, { error: error.message }];
		}),
	);
}

/** Reached only by the link of its trace to that of accounting: it never sees the order's id. */
async function fulfilment(message) {
	const producer = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, message.headers));
	const options = {
		kind: SpanKind.CONSUMER,
		attributes: { "e2e.case": message.body.case },
		links: [{ context: producer }],
	};
	await within("shipments process", options, ROOT_CONTEXT, async () => {
		const attributes = { "e2e.case": message.body.case, "parcel.weights": [1.5, 2] };
		log.emit({ ...INFO, body: "parcel packed", attributes });
	});
}

const SERVICES = {
	storefront: { handle: storefront },
	payment: { handle: payment },
	fulfilment: { handle: async () => [404, {}], topic: "shipments", take: fulfilment },
};
const service = SERVICES[NAME];

async function answer(request, body) {
	if (request.url === "/flush") return [200, await flush()];
	// A record that belongs to no order: it must never appear in one.
	log.emit({ ...INFO, body: "a request came in" });
	orders.add(1);
	return service.handle(request.headers, body);
}

/** Takes messages of the topic for as long as the process lives. */
async function consume() {
	for (;;) {
		const [, message] = await call(`${peers.broker}/take/${service.topic}`, {});
		await service.take(message);
		await call(`${peers.broker}/done/${service.topic}`, {});
	}
}

const server = http.createServer(async (request, response) => {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	const [status, told] = await answer(request, JSON.parse(Buffer.concat(chunks)));
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(told));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
if (service.topic) consume();
process.stdin.on("end", () => process.exit(0)).resume();
