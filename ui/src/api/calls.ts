//! The calls of the API, one function each.

import type { FindAnswer, FlowAnswer, HistogramAnswer, SearchAnswer, ServicesAnswer } from "../model/answers";
import { call } from "./client";

/** What a range and a query select. */
export interface Selection {
	q: string;
	start: string;
	end: string;
	signal: "logs" | "spans";
}

/** Asks what an ID is. */
export function find(id: string, signal: AbortSignal): Promise<FindAnswer> {
	return call("find", { id }, signal);
}

/** Fetches a whole flow. */
export function flow(key: string, id: string, start: string, end: string, signal: AbortSignal): Promise<FlowAnswer> {
	return call(`flows/${encodeURIComponent(id)}`, { key, start, end }, signal);
}

/** Fetches a page of records, newest first. */
export function search(what: Selection, limit: number, cursor: string, signal: AbortSignal): Promise<SearchAnswer> {
	return call("search", { ...what, limit, cursor }, signal);
}

/** Counts records over time by severity (logs) or service (spans). */
export function histogram(what: Selection, buckets: number, signal: AbortSignal): Promise<HistogramAnswer> {
	const by = what.signal === "logs" ? "severity" : "service";
	return call("histogram", { ...what, buckets, by }, signal);
}

/** Lists the services of a range. */
export function services(start: string, end: string, signal: AbortSignal): Promise<ServicesAnswer> {
	return call("services", { start, end }, signal);
}
