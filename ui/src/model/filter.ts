//! The filter over a flow that is already on the page: words and `field:value`, all of which must hold.
//!
//! A small part of the search language, decided in the browser: `-` negates, quotes hold words together,
//! `severity:` and `duration:` compare. It never fails: what is no field is a word.

import { type AnyRecord, bodyText, type Value, valueText } from "./record";
import { severityRank } from "./severity";

/** Whether a record passes. */
export type Filter = (record: AnyRecord) => boolean;

const TERM = /(-?)(?:([\w.@/-]+):)?(?:"([^"]*)"|(\S+))/g;
const COMPARISON = /^(>=|<=|>|<)?(.*)$/;
const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

/** Reads a filter; null when the text asks for nothing. */
export function parseFilter(text: string): Filter | null {
	const terms: Filter[] = [];
	for (const [, minus, field, quoted, bare] of text.matchAll(TERM)) {
		const wanted = (quoted ?? bare ?? "").toLowerCase();
		if (wanted === "" && !field) continue;
		const term: Filter = field ? byField(field, wanted) : (record) => mentions(record, wanted);
		terms.push(minus ? (record) => !term(record) : term);
	}
	return terms.length === 0 ? null : (record) => terms.every((term) => term(record));
}

/** Makes `field:value` for a filter or a query, quoted when it must be. */
export function fieldTerm(field: string, value: Value): string {
	const text = valueText(value);
	return /^[\w.-]+$/.test(text) ? `${field}:${text}` : `${field}:"${text.replace(/["\\]/g, "\\$&")}"`;
}

function byField(field: string, wanted: string): Filter {
	const [, operator = "", operand = ""] = COMPARISON.exec(wanted) ?? [];
	switch (field) {
		case "severity":
			return (record) =>
				record.signal === "logs" && compare(severityRank(record.severity), operator, severityRank(operand));
		case "duration":
			return (record) =>
				record.signal === "spans" && compare(Number(record.duration_ns), operator || ">=", durationOf(operand));
		case "signal":
			return (record) => record.signal.startsWith(wanted);
		case "body":
			return (record) => record.signal === "logs" && has(bodyText(record.body), wanted);
		case "name":
		case "kind":
		case "status":
			return (record) => record.signal === "spans" && has(record[field], wanted);
		case "service":
			return (record) => matches(record.service, wanted);
		case "span_id":
		case "trace_id":
			return (record) => record[field].startsWith(wanted);
		default:
			return (record) => valuesOf(record, field).some((value) => matches(valueText(value), wanted));
	}
}

function mentions(record: AnyRecord, word: string): boolean {
	if (has(record.service, word)) return true;
	const text = record.signal === "spans" ? `${record.name} ${record.status_message}` : bodyText(record.body);
	return has(text, word) || Object.values(record.attributes).some((value) => has(valueText(value), word));
}

function valuesOf(record: AnyRecord, field: string): Value[] {
	const found = [record.attributes[field], record.resource[field], record.resource[field.replace(/^resource\./, "")]];
	for (const { key, value } of record.correlation) if (key === field || field === "correlation") found.push(value);
	return found.filter((value) => value !== undefined);
}

function matches(text: string, wanted: string): boolean {
	if (wanted === "*") return true;
	if (wanted.endsWith("*")) return text.toLowerCase().startsWith(wanted.slice(0, -1));
	return text.toLowerCase() === wanted;
}

function has(text: string, word: string): boolean {
	return text.toLowerCase().includes(word.endsWith("*") ? word.slice(0, -1) : word);
}

function compare(left: number, operator: string, right: number): boolean {
	if (operator === ">") return left > right;
	if (operator === ">=") return left >= right;
	if (operator === "<") return left < right;
	if (operator === "<=") return left <= right;
	return left === right;
}

function durationOf(text: string): number {
	const [, number = "0", unit = "ms"] = /^([\d.]+)\s*(ns|us|µs|ms|s|m|h)?$/.exec(text) ?? [];
	return Number(number) * (UNITS[unit] ?? 1e6);
}
