//! What the server says when it refuses reaches the page whole.

import { afterEach, expect, test, vi } from "vitest";
import { ApiError, call } from "./client";

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: string): ReturnType<typeof vi.fn> {
	const fetched = vi.fn(async () => new Response(body, { status }));
	vi.stubGlobal("fetch", fetched);
	return fetched;
}

async function refusalOf(status: number, body: string): Promise<ApiError> {
	answering(status, body);
	const error = await call("search", {}, new AbortController().signal).catch((caught: unknown) => caught);
	expect(error).toBeInstanceOf(ApiError);
	return error as ApiError;
}

test("an answer is parsed, parameters are encoded, empty ones left out", async () => {
	const fetched = answering(200, '{"records":[]}');
	expect(
		await call("search", { q: 'a "b"&c', start: "", limit: 5, cursor: undefined }, new AbortController().signal),
	).toEqual({ records: [] });
	expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/search?q=a+%22b%22%26c&limit=5");
});

test("a refusal has the server's code, words and place", async () => {
	const error = await refusalOf(
		400,
		'{"error":{"code":"syntax","message":"a group is empty","position":4,"expected":["a word","a phrase"]}}',
	);
	expect(error).toMatchObject({
		status: 400,
		code: "syntax",
		message: "a group is empty",
		position: 4,
		expected: "a word, a phrase",
	});
});

test.each([
	[502, "<html>bad gateway</html>", "<html>bad gateway</html>"],
	[500, "", "the server answered 500"],
	[200, "not json", "the server's answer is not JSON"],
])("a %i with %j is a failure, too", async (status, body, message) => {
	expect(await refusalOf(status, body)).toMatchObject({ status, message, position: null });
});

test("no answer at all is told from a refusal", async () => {
	vi.stubGlobal("fetch", async () => {
		throw new TypeError("connection refused");
	});
	await expect(call("search", {}, new AbortController().signal)).rejects.toMatchObject({ status: 0, code: "offline" });
});
