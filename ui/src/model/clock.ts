//! One clock for all traces of a flow: where an instant stands on the axis, with long idle times compressed.
//!
//! Offsets are nanoseconds since the flow's start; positions run from 0 to 1. The mapping is piecewise linear and
//! monotone, so it can be inverted: a brush on the picture is a range of time.

/** A stretch of time in which something happened; a log is a stretch of no length. */
export interface Activity {
	start: number;
	end: number;
}

/** A stretch of the axis. */
export interface Stretch {
	/** Offsets. */
	from: number;
	to: number;
	/** Positions. */
	x0: number;
	x1: number;
	/** Nothing happened in it and it is drawn shorter than it was. */
	gap: boolean;
}

/** A mapping between offsets and positions. */
export interface Clock {
	stretches: Stretch[];
	length: number;
}

/** A mark on the axis. */
export interface Tick {
	offset: number;
	x: number;
}

/** A gap is compressed when it is longer than this part of all the rest. */
const GAP_PART = 0.3;
/** How wide a compressed gap is drawn, as a part of what is not compressed. */
const GAP_WIDTH = 0.06;
const GAPS_MAX = 24;

/** Builds the clock of a flow; `compress` draws long idle times short. */
export function buildClock(activities: Activity[], length: number, compress: boolean): Clock {
	const whole = Math.max(1, length);
	const gaps = compress ? longGaps(activities, whole) : [];
	const idle = gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
	const shown = whole - idle;
	const gapSize = gaps.length === 0 ? 0 : Math.max(shown * GAP_WIDTH, whole * 1e-9);
	const total = shown + gapSize * gaps.length;
	const stretches: Stretch[] = [];
	let offset = 0;
	let x = 0;
	const add = (to: number, size: number, gap: boolean): void => {
		const x1 = Math.min(1, x + size / total);
		if (to > offset) stretches.push({ from: offset, to, x0: x, x1, gap });
		offset = to;
		x = x1;
	};
	for (const gap of gaps) {
		add(gap.start, gap.start - offset, false);
		add(gap.end, gapSize, true);
	}
	add(whole, whole - offset, false);
	const last = stretches.at(-1);
	if (last) last.x1 = 1;
	return { stretches, length: whole };
}

/** The position of an offset; outside the clock it goes on with the outermost stretch. */
export function positionOf(clock: Clock, offset: number): number {
	const at = findStretch(clock, (stretch) => offset < stretch.to);
	return at.x0 + ((offset - at.from) / (at.to - at.from)) * (at.x1 - at.x0);
}

/** The offset at a position. */
export function offsetAt(clock: Clock, x: number): number {
	const at = findStretch(clock, (stretch) => x < stretch.x1);
	const width = at.x1 - at.x0;
	return width === 0 ? at.from : at.from + ((x - at.x0) / width) * (at.to - at.from);
}

/** The part of a clock between two offsets, stretched over the whole axis. */
export function zoomClock(clock: Clock, from: number, to: number): Clock {
	const x0 = positionOf(clock, from);
	const width = Math.max(1e-12, positionOf(clock, to) - x0);
	const stretches = clock.stretches.map((stretch) => ({
		...stretch,
		x0: (stretch.x0 - x0) / width,
		x1: (stretch.x1 - x0) / width,
	}));
	return { stretches, length: clock.length };
}

/** The compressed gaps of a clock. */
export function gapsOf(clock: Clock): Stretch[] {
	return clock.stretches.filter((stretch) => stretch.gap);
}

/** Marks at round offsets, about `count` of them over the visible axis, none inside a gap. */
export function ticksOf(clock: Clock, count: number): Tick[] {
	const ticks: Tick[] = [];
	for (const stretch of clock.stretches) {
		const x0 = Math.max(0, stretch.x0);
		const x1 = Math.min(1, stretch.x1);
		if (stretch.gap || x1 <= x0) continue;
		const scale = (stretch.to - stretch.from) / (stretch.x1 - stretch.x0);
		const step = niceStep(((x1 - x0) * scale) / Math.max(1, count * (x1 - x0)));
		const from = stretch.from + (x0 - stretch.x0) * scale;
		const to = stretch.from + (x1 - stretch.x0) * scale;
		for (let offset = Math.ceil(from / step - 1e-9) * step + 0; offset <= to && ticks.length < 200; offset += step) {
			ticks.push({ offset, x: positionOf(clock, offset) });
		}
	}
	return spaced(ticks, 0.6 / count);
}

function spaced(ticks: Tick[], distance: number): Tick[] {
	const kept: Tick[] = [];
	for (const tick of ticks) {
		const before = kept.at(-1);
		if (!before || tick.x - before.x >= distance) kept.push(tick);
	}
	return kept;
}

function niceStep(rough: number): number {
	const base = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
	const factor = [1, 2, 5, 10].find((candidate) => candidate * base >= rough * 0.999) ?? 10;
	return Math.max(1, factor * base);
}

function findStretch(clock: Clock, matches: (stretch: Stretch) => boolean): Stretch {
	const found = clock.stretches.find(matches) ?? clock.stretches.at(-1);
	return found ?? { from: 0, to: 1, x0: 0, x1: 1, gap: false };
}

/** The gaps worth compressing, in time order: each longer than a good part of all that would remain. */
function longGaps(activities: Activity[], length: number): Activity[] {
	const sorted = activities.filter((one) => one.end >= one.start).sort((a, b) => a.start - b.start);
	const gaps: Activity[] = [];
	let busyUntil = sorted[0]?.start ?? 0;
	for (const { start, end } of sorted) {
		if (start > busyUntil) gaps.push({ start: busyUntil, end: start });
		busyUntil = Math.max(busyUntil, end);
	}
	gaps.sort((a, b) => b.end - b.start - (a.end - a.start));
	let rest = length;
	const long: Activity[] = [];
	for (const gap of gaps.slice(0, GAPS_MAX)) {
		const size = gap.end - gap.start;
		if (size <= GAP_PART * (rest - size)) break;
		rest -= size;
		long.push(gap);
	}
	return long.sort((a, b) => a.start - b.start);
}
