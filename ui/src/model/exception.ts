//! Exceptions out of attributes, with the frames of their stack told apart from the message.

import { type Attributes, bodyText, type LogRecord, type SpanRecord } from "./record";

/** One line of a stack trace. */
export interface StackLine {
	text: string;
	/** A call site; other lines are messages. */
	frame: boolean;
	/** Where the call site is in library code. */
	library: boolean;
}

/** An exception as OpenTelemetry's conventions record it. */
export interface Exception {
	type: string;
	message: string;
	stack: StackLine[];
	/** When, in decimal nanoseconds. */
	time: string;
}

const FRAME = /^\s*(?:at\s|File\s"|\S+\.(?:go|rs|c|cc|cpp|rb|php):\d+|#\d+\s|from\s\S+:\d+|\.\.\.\s\d+\s)/;
const LIBRARY =
	/node_modules|node:|site-packages|\/lib\/python|java\.base\/|^\s*at (?:java|javax|jdk|sun|org\.springframework)\.|\/rustc\/|runtime\/|\.cargo\/registry/;
const LINES_MAX = 400;

/** The exceptions of a span, in the order of its events. */
export function exceptionsOfSpan(span: SpanRecord): Exception[] {
	return span.events.filter((event) => event.name === "exception").map((event) => read(event.attributes, event.time));
}

/** The exception a log record carries, or null. */
export function exceptionOfLog(log: LogRecord): Exception | null {
	const { attributes } = log;
	if (!("exception.type" in attributes || "exception.stacktrace" in attributes || "exception.message" in attributes))
		return null;
	return read(attributes, log.time);
}

/** Splits a stack trace into lines; the message in front of it is left out when it is shown already. */
export function parseStack(stack: string, shown: string[] = []): StackLine[] {
	const lines = stack.replace(/\r/g, "").replace(/\n+$/, "").split("\n");
	const known = new Set(shown.filter((text) => text !== "").map((text) => text.trim()));
	while (lines[0] !== undefined && lines.length > 1 && known.has(lines[0].trim())) lines.shift();
	const kept = lines
		.slice(0, LINES_MAX)
		.map((text) => ({ text, frame: FRAME.test(text), library: LIBRARY.test(text) }));
	if (lines.length > LINES_MAX) {
		kept.push({ text: `… ${lines.length - LINES_MAX} more lines (see the raw record)`, frame: false, library: false });
	}
	return kept;
}

/** What went wrong, in one line: the status message, else the exception's, else a log's text. */
export function errorText(record: SpanRecord | LogRecord): string {
	if (record.signal === "logs") return bodyText(record.body);
	return record.status_message || exceptionsOfSpan(record)[0]?.message || "";
}

function read(attributes: Attributes, time: string): Exception {
	const type = text(attributes["exception.type"]);
	const message = text(attributes["exception.message"]);
	const stack = text(attributes["exception.stacktrace"]);
	const shown = [message, `${type}: ${message}`, type];
	return { type, message, stack: stack === "" ? [] : parseStack(stack, shown), time };
}

function text(value: unknown): string {
	return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
