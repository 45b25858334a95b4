// Checks answers of Jaeger's API against the shapes that jaeger-ui and Grafana's data source state, which blank the page
// when an answer has another. Lines of standard input are {"shape", "answer"}; what does not fit is written out.

'use strict';

const readline = require('node:readline');
const { z } = require('zod');

const traceIdHex = z.string().regex(/^[0-9a-f]{32}$/i);
const spanIdHex = z.string().regex(/^[0-9a-f]{16}$/i);
const decimal = z.string().regex(/^\d+$/);
const count = z.number().int().nonnegative();
const microseconds = z.number().int().nonnegative();

// Version 3: times are nanoseconds as decimal strings, ids are hexadecimal, nothing is null.
const value = z.lazy(() =>
	z.strictObject({
		stringValue: z.string().optional(),
		boolValue: z.boolean().optional(),
		intValue: z.string().regex(/^-?\d+$/).optional(),
		doubleValue: z.number().optional(),
		bytesValue: z.string().optional(),
		arrayValue: z.object({ values: z.array(value) }).optional(),
		kvlistValue: z.object({ values: z.array(attribute) }).optional(),
	}),
);
const attribute = z.strictObject({ key: z.string(), value });
const attributes = z.array(attribute).optional();
const otlpSpan = z.object({
	traceId: traceIdHex,
	spanId: spanIdHex,
	parentSpanId: z.union([spanIdHex, z.literal('')]).optional(),
	name: z.string(),
	kind: z.number().int().min(0).max(5).optional(),
	startTimeUnixNano: decimal,
	endTimeUnixNano: decimal,
	attributes,
	events: z.array(z.object({ timeUnixNano: decimal, name: z.string(), attributes })).optional(),
	links: z.array(z.object({ traceId: traceIdHex, spanId: spanIdHex, attributes })).optional(),
	status: z.object({ code: z.number().int().min(0).max(2).optional(), message: z.string().optional() }).optional(),
});
const resourceSpans = z.object({
	resource: z.object({ attributes }).optional(),
	scopeSpans: z.array(
		z.object({
			scope: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
			spans: z.array(otlpSpan),
		}),
	),
});

// The classic API: Jaeger's own model in an envelope.
const envelope = (data) =>
	z.strictObject({
		data,
		total: count,
		limit: count,
		offset: count,
		errors: z
			.array(z.strictObject({ code: z.number().int().optional(), msg: z.string(), traceID: z.string().optional() }))
			.nullable(),
	});
const classicId = z.string().regex(/^([0-9a-f]{16}|[0-9a-f]{32})$/);
const tag = z.discriminatedUnion('type', [
	z.strictObject({ key: z.string(), type: z.literal('string'), value: z.string() }),
	z.strictObject({ key: z.string(), type: z.literal('bool'), value: z.boolean() }),
	z.strictObject({ key: z.string(), type: z.literal('int64'), value: z.union([z.number().int(), z.string().regex(/^-?\d+$/)]) }),
	z.strictObject({ key: z.string(), type: z.literal('float64'), value: z.number() }),
	z.strictObject({ key: z.string(), type: z.literal('binary'), value: z.base64() }),
]);
const classicSpan = z.strictObject({
	traceID: classicId,
	spanID: spanIdHex,
	operationName: z.string(),
	references: z.array(
		z.strictObject({ refType: z.enum(['CHILD_OF', 'FOLLOWS_FROM']), traceID: classicId, spanID: spanIdHex }),
	),
	startTime: microseconds,
	duration: microseconds,
	tags: z.array(tag),
	logs: z.array(z.strictObject({ timestamp: microseconds, fields: z.array(tag) })),
	processID: z.string().regex(/^p\d+$/),
	warnings: z.array(z.string()).nullable(),
});
const classicTrace = z
	.strictObject({
		traceID: classicId,
		spans: z.array(classicSpan).min(1),
		processes: z.record(z.string(), z.strictObject({ serviceName: z.string().min(1), tags: z.array(tag) })),
		warnings: z.array(z.string()).nullable(),
	})
	.refine((trace) => trace.spans.every((span) => span.processID in trace.processes), 'a span names no process')
	.refine((trace) => trace.spans.every((span) => span.traceID === trace.traceID), 'a span is of another trace');
const operation = z.strictObject({ name: z.string(), spanKind: z.string() });

const shapes = {
	'classic services': envelope(z.array(z.string())),
	'classic operations': envelope(z.array(operation)),
	'classic traces': envelope(z.array(classicTrace)),
	'classic error': envelope(z.null()).refine((answer) => answer.errors?.length > 0),
	'v3 services': z.strictObject({ services: z.array(z.string()) }),
	'v3 operations': z.strictObject({
		operations: z.array(
			z.strictObject({ name: z.string(), spanKind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']) }),
		),
	}),
	'v3 traces': z.strictObject({ result: z.strictObject({ resourceSpans: z.array(resourceSpans).min(1) }) }),
	'v3 summaries': z.strictObject({
		summaries: z.array(
			z.strictObject({
				traceId: traceIdHex,
				rootServiceName: z.string(),
				rootOperationName: z.string(),
				minStartTimeUnixNano: decimal,
				maxEndTimeUnixNano: decimal,
				spanCount: count,
				errorSpanCount: count,
				orphanSpanCount: count,
				services: z.array(z.strictObject({ name: z.string(), spanCount: count, errorSpanCount: count })),
			}),
		),
	}),
	'v3 error': z.strictObject({
		error: z.strictObject({
			grpcCode: z.number().int(),
			httpCode: z.number().int(),
			message: z.string().min(1),
			httpStatus: z.string(),
		}),
	}),
};

(async () => {
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const { shape, answer } = JSON.parse(line);
		const checked = shapes[shape].safeParse(answer);
		const faults = checked.success ? [] : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
		process.stdout.write(`${JSON.stringify({ shape, faults })}\n`);
	}
})();
