//! Records as the API gives them, and the few questions every view asks of one.

/** An attribute's value: what OTLP's AnyValue becomes in JSON. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** Attributes by their dotted names. */
export type Attributes = Record<string, Value>;

/** A correlation ID a record carries. */
export interface Correlation {
	key: string;
	value: string;
}

interface Common {
	record: string;
	time: string;
	service: string;
	owner?: string | null;
	resource: Attributes;
	scope: { name?: string; version?: string; attributes?: Attributes };
	trace_id: string;
	span_id: string;
	attributes: Attributes;
	correlation: Correlation[];
	/** What the sender says it left out; not there when nothing was. */
	dropped_attributes_count?: number;
	dropped_events_count?: number;
	dropped_links_count?: number;
}

/** A span. Times are decimal strings of nanoseconds. */
export interface SpanRecord extends Common {
	signal: "spans";
	end: string;
	duration_ns: string;
	parent_span_id: string;
	name: string;
	kind: string;
	status: "unset" | "ok" | "error";
	status_message: string;
	trace_state?: string;
	events: SpanEvent[];
	links: SpanLink[];
}

/** Something that happened within a span. */
export interface SpanEvent {
	time: string;
	name: string;
	attributes: Attributes;
}

/** A link from a span to a span of (usually) another trace. */
export interface SpanLink {
	trace_id: string;
	span_id: string;
	attributes: Attributes;
}

/** A log record. */
export interface LogRecord extends Common {
	signal: "logs";
	observed_time: string;
	severity: string;
	severity_number: number;
	severity_text: string;
	body: Value;
	event_name: string;
}

/** A span or a log record. */
export type AnyRecord = SpanRecord | LogRecord;

/** Whether the record tells of an error. */
export function isError(record: AnyRecord): boolean {
	return record.signal === "spans"
		? record.status === "error"
		: record.severity === "error" || record.severity === "fatal";
}

/** The one line that stands for a record: a span's name, a log's body. */
export function titleOf(record: AnyRecord): string {
	if (record.signal === "spans") return record.name;
	return bodyText(record.body) || record.event_name || "(empty body)";
}

/** A log body as text; structured bodies as compact JSON, with their message first when they have one. */
export function bodyText(body: Value): string {
	if (body === null) return "";
	if (typeof body === "string") return body;
	if (typeof body === "object" && !Array.isArray(body)) {
		const message = body.message ?? body.msg;
		if (typeof message === "string") {
			const rest = Object.entries(body).filter(([key]) => key !== "message" && key !== "msg");
			return rest.length === 0 ? message : `${message}  ${JSON.stringify(Object.fromEntries(rest))}`;
		}
	}
	return JSON.stringify(body);
}

/** A value as text, on one line. */
export function valueText(value: Value): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}

/** The OTLP type to name beside a value; a string needs no naming. */
export function typeOf(value: Value): string {
	if (typeof value === "string") return "";
	if (typeof value === "boolean") return "bool";
	if (typeof value === "number") return Number.isInteger(value) ? "int" : "double";
	if (value === null) return "empty";
	if (Array.isArray(value)) return "array";
	return typeof value.bytes === "string" && Object.keys(value).length === 1 ? "bytes" : "map";
}

/** What the sender left out of a record, in words; "" when nothing. */
export function droppedText(record: AnyRecord): string {
	const parts = [
		[record.dropped_attributes_count, "attributes"],
		[record.dropped_events_count, "events"],
		[record.dropped_links_count, "links"],
	].filter(([count]) => count);
	return parts.length === 0
		? ""
		: `left out by the sender: ${parts.map(([count, what]) => `${count} ${what}`).join(", ")}`;
}

/** What distinguishes one process of a service from another, when the resource says: names before SDKs' random ids. */
export function instanceOf(record: AnyRecord): string {
	for (const key of ["k8s.pod.name", "host.name", "service.instance.id", "container.id"]) {
		const value = record.resource[key];
		if (typeof value === "string" && value !== "") return value;
	}
	return "";
}
