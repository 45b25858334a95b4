//! What a pasted text looks like, so that the page can say what it searches for before the server answers.

/** What a text may be, as far as its spelling says. */
export type Shape = "nothing" | "trace id" | "span id" | "traceparent" | "id" | "query";

/** A text, how it is spelled, and the ID in it. */
export interface Identified {
	shape: Shape;
	/** The text to ask for: trimmed, with a header's name and quotes taken off. */
	text: string;
	/** The canonical trace or span ID in it, or "" when it has none. */
	id: string;
}

const HEADER = /^(?:traceparent|x-[\w-]*id|trace[_-]?id|span[_-]?id)\s*[:=]\s*/i;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/i;
const QUERY = /\s|^[\w.@/-]+:[^/\d]|^-?[\w.]+:(?:[<>]=?|\[|\(|"|\/[^/])|["()*]/;

/** Tells what a pasted text is. Anything without spaces may be an ID; only the server knows. */
export function identify(input: string): Identified {
	const text = unwrap(input);
	if (text === "") return { shape: "nothing", text, id: "" };
	const traceparent = TRACEPARENT.exec(text);
	if (traceparent?.[1]) return { shape: "traceparent", text, id: traceparent[1].toLowerCase() };
	const hex = text.replaceAll("-", "").toLowerCase();
	if (/^[0-9a-f]{32}$/.test(hex)) return { shape: "trace id", text, id: hex };
	if (/^[0-9a-f]{16}$/.test(hex)) return { shape: "span id", text, id: hex };
	if (QUERY.test(text)) return { shape: "query", text, id: "" };
	return { shape: "id", text, id: "" };
}

/** Whether the text can only be words or a query, so that asking for an ID is pointless. */
export function isQuery(input: string): boolean {
	return /\s/.test(unwrap(input));
}

function unwrap(input: string): string {
	const text = input.trim();
	const bare = text.replace(HEADER, "").trim();
	const quoted = /^(["'`])([^"'`\s]+)\1$/.exec(bare);
	if (quoted?.[2] && bare !== text) return quoted[2];
	return bare === "" ? text : bare;
}
