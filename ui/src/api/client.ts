//! The only place that talks to the server, and what can go wrong when it does.

import { hrefOf } from "../base/location";

/** Why a call failed, in the server's words where it had any. */
export class ApiError extends Error {
	/** HTTP status; 0 when there was no answer. */
	readonly status: number;
	/** The server's name for the failure: `not_found`, `too_common`, … */
	readonly code: string;
	/** Where in the query the failure is (characters from its start), when it is in the query. */
	readonly position: number | null;
	readonly expected: string;

	constructor(status: number, code: string, message: string, position: number | null = null, expected = "") {
		super(message);
		this.status = status;
		this.code = code;
		this.position = position;
		this.expected = expected;
	}
}

/** Parameters of a call; empty ones are left out. */
export type Params = Record<string, string | number | undefined>;

/** Fetches JSON from the API. Rejects with an ApiError, or with an AbortError when the signal fires. */
export async function call<T>(path: string, params: Params, signal: AbortSignal): Promise<T> {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(params))
		if (value !== undefined && value !== "") query.set(name, `${value}`);
	const response = await send(hrefOf(`api/v1/${path}?${query}`), signal);
	const text = await response.text();
	const body = parse(text);
	if (!response.ok) throw refusal(response.status, body, text);
	if (body === undefined) throw new ApiError(response.status, "bad_answer", "the server's answer is not JSON");
	return body as T;
}

async function send(url: string, signal: AbortSignal): Promise<Response> {
	try {
		return await fetch(url, { signal, headers: { accept: "application/json" } });
	} catch (error) {
		if (error instanceof DOMException && error.name === "AbortError") throw error;
		throw new ApiError(0, "offline", "the server does not answer");
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function refusal(status: number, body: unknown, text: string): ApiError {
	const error = (body as { error?: Record<string, unknown> } | undefined)?.error;
	if (!error) return new ApiError(status, "http", text.slice(0, 300) || `the server answered ${status}`);
	const { code, message, position, expected } = error;
	return new ApiError(
		status,
		String(code ?? "http"),
		String(message ?? `the server answered ${status}`),
		typeof position === "number" ? position : null,
		Array.isArray(expected) ? expected.join(", ") : String(expected ?? ""),
	);
}
