//! Nanosecond instants and durations as bigint, and how a person reads them. No digit is ever lost to a float.

/** Nanoseconds: since the Unix epoch for an instant, plain for a duration. */
export type Nanos = bigint;

const US = 1_000n;
const MS = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;

/** Reads a decimal string of nanoseconds; what is not one reads as 0. */
export function nanos(text: string | null | undefined): Nanos {
	return text && /^-?\d{1,25}$/.test(text) ? BigInt(text) : 0n;
}

/** A duration with three significant digits: `812 ns`, `31 ms`, `1.94 s`, `4 m 12 s`, `2 d 4 h`. */
export function formatDuration(value: Nanos | number): string {
	const ns = typeof value === "number" ? BigInt(Math.round(value)) : value;
	if (ns < 0n) return `−${formatDuration(-ns)}`;
	if (ns < US) return `${ns} ns`;
	if (ns < MS - 500n) return `${digits(Number(ns) / 1e3)} µs`;
	if (ns < SECOND - 500_000n) return `${digits(Number(ns) / 1e6)} ms`;
	if (ns < MINUTE - 50_000_000n) return `${digits(Number(ns) / 1e9)} s`;
	const seconds = (ns + SECOND / 2n) / SECOND;
	if (ns < HOUR - SECOND / 2n) return pair(seconds / 60n, "m", seconds % 60n, "s");
	if (ns < DAY - MINUTE / 2n) return pair(seconds / 3600n, "h", (seconds / 60n) % 60n, "m");
	return pair(ns / DAY, "d", (ns % DAY) / HOUR, "h");
}

/** A duration with every digit it has, grouped by three: `1 512 004 211 ns`. */
export function formatExactDuration(ns: Nanos): string {
	return `${ns.toString().replace(/\B(?=(\d{3})+$)/g, " ")} ns`;
}

/** A signed offset: `+1.508 s`, `0`. Four significant digits, for values read one below the other. */
export function formatOffset(ns: Nanos): string {
	if (ns === 0n) return "0";
	const [sign, size] = ns < 0n ? ["−", -ns] : ["+", ns];
	if (size >= MS && size < SECOND) return `${sign}${digits(Number(size) / 1e6, 4)} ms`;
	if (size >= SECOND && size < MINUTE) return `${sign}${digits(Number(size) / 1e9, 4)} s`;
	return `${sign}${formatDuration(size)}`;
}

/** The wall clock in the reader's time zone with milliseconds: `18:27:04.812`. */
export function formatClock(ns: Nanos): string {
	const date = new Date(Number(ns / MS));
	return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction(ns).slice(0, 3)}`;
}

/** The wall clock with all nine decimals: `18:27:04.812345678`. */
export function formatExactClock(ns: Nanos): string {
	return formatClock(ns) + fraction(ns).slice(3);
}

/** Month and day, with the year when it is not the one of `now`: `Nov 22`. */
export function formatDate(ns: Nanos, now: Date = new Date()): string {
	const date = new Date(Number(ns / MS));
	const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
	return date.toLocaleDateString("en-US", { month: "short", day: "numeric", year });
}

/** Month and day without the year, for lists whose heading says it: `Nov 22`. */
export function formatDay(ns: Nanos): string {
	return new Date(Number(ns / MS)).toLocaleDateString("en-US", { month: "short", day: "numeric" });
}

/** Date and exact clock in UTC, as RFC 3339 with nine decimals. */
export function formatRfc3339(ns: Nanos): string {
	const ms = ns / MS - (ns < 0n && ns % MS !== 0n ? 1n : 0n);
	const date = new Date(Number(ms));
	return Number.isNaN(date.getTime()) ? `${ns} ns` : `${date.toISOString().slice(0, 19)}.${fraction(ns)}Z`;
}

/** How long ago in one unit: `just now`, `12 s ago`, `3 h ago`. */
export function formatAgo(ns: Nanos, now: Nanos): string {
	const age = now - ns;
	if (age < 0n) return `in ${formatDuration(-age)}`;
	if (age < SECOND) return "just now";
	if (age < MINUTE) return `${age / SECOND} s ago`;
	if (age < HOUR) return `${age / MINUTE} min ago`;
	if (age < DAY) return `${age / HOUR} h ago`;
	return `${age / DAY} d ago`;
}

/** The current instant; the browser's clock has milliseconds only. */
export function nowNanos(): Nanos {
	return BigInt(Date.now()) * MS;
}

function fraction(ns: Nanos): string {
	const rest = ((ns % SECOND) + SECOND) % SECOND;
	return rest.toString().padStart(9, "0");
}

function digits(value: number, count = 3): string {
	const fixed = Math.max(0, count - 1 - Math.max(0, Math.floor(Math.log10(value))));
	return fixed === 0 ? value.toFixed(0) : value.toFixed(fixed).replace(/\.?0+$/, "");
}

function pair(large: bigint, largeUnit: string, small: bigint, smallUnit: string): string {
	return small === 0n ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function two(value: number): string {
	return value.toString().padStart(2, "0");
}
