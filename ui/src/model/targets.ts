//! Where the matches of an ID lead, each place once.

import type { Match } from "./answers";
import { flowRoute, formatRoute, TRACE_KEY } from "./route";

/** A place, and the match that leads there. */
export interface Target {
	to: string;
	match: Match;
}

/** The places the matches lead to. A span and its own trace are one place: the span in it (a `traceparent` names both). */
export function targetsOf(matches: Match[]): Target[] {
	const spans = new Map<string, Match[]>();
	for (const match of matches) {
		if (match.kind === "span" && match.trace_id)
			spans.set(match.trace_id, [...(spans.get(match.trace_id) ?? []), match]);
	}
	const targets = new Map<string, Target>();
	for (const match of matches) {
		if (match.kind === "trace" && spans.get(match.trace_id ?? match.id)?.length === 1) continue;
		const to = addressOf(match);
		if (!targets.has(to)) targets.set(to, { to, match });
	}
	return [...targets.values()];
}

function addressOf(match: Match): string {
	if (match.kind === "flow" && match.key) return formatRoute(flowRoute(match.key, match.id));
	const selected = match.kind === "span" ? match.id : "";
	return formatRoute(flowRoute(TRACE_KEY, match.trace_id ?? match.id, { selected }));
}
