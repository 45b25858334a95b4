//! Where a text from the box leads, and which texts it had before.

import { signal } from "@preact/signals";
import { go } from "../../base/location";
import { recall, remember } from "../../base/storage";
import { identify, isQuery } from "../../model/identify";
import { formatRoute, type Route, searchRoute } from "../../model/route";

const RECENTS_MAX = 20;

/** What was asked before, newest first. */
export const recents = signal(recall("recents", [] as string[], isStrings));

/** Goes where the text leads: words and queries to the explorer, all else to the question what it is. */
export function submitText(input: string, from: Route): void {
	const { text, shape } = identify(input);
	if (text === "") {
		if (from.page === "search") go(formatRoute({ ...from, q: "", selected: "", notId: false }));
		return;
	}
	noteRecent(text);
	// In the explorer what looks like a query stays there, with its range; elsewhere `order:4711` may well be an ID.
	if (!isQuery(text) && !(shape === "query" && from.page === "search")) {
		go(formatRoute({ page: "find", id: text }));
		return;
	}
	const range = from.page === "search" ? { start: from.start, end: from.end, signal: from.signal } : {};
	go(formatRoute(searchRoute({ ...range, q: text })));
}

/** Puts a text in front of those asked before. */
export function noteRecent(text: string): void {
	recents.value = [text, ...recents.value.filter((recent) => recent !== text)].slice(0, RECENTS_MAX);
	remember("recents", recents.value);
}

/** Forgets what was asked. */
export function forgetRecents(): void {
	recents.value = [];
	remember("recents", []);
}

function isStrings(value: unknown): value is string[] {
	return Array.isArray(value) && value.every((one) => typeof one === "string");
}
