//! The clock compresses what is idle, and can be read in both directions.

import { describe, expect, test } from "vitest";
import { buildClock, gapsOf, offsetAt, positionOf, ticksOf, zoomClock } from "./clock";

const STORY = [
	{ start: 0, end: 2000 },
	{ start: 2100, end: 2300 },
	{ start: 41_000, end: 41_200 },
];

describe("compression", () => {
	test("takes the long idle time and leaves the short one", () => {
		const gaps = gapsOf(buildClock(STORY, 41_200, true));
		expect(gaps.map(({ from, to }) => [from, to])).toEqual([[2300, 41_000]]);
		expect((gaps[0]?.x1 ?? 1) - (gaps[0]?.x0 ?? 0)).toBeLessThan(0.08);
	});

	test("is not done when it is not wanted", () => {
		expect(gapsOf(buildClock(STORY, 41_200, false))).toEqual([]);
	});

	test("leaves evenly spread logs as they are", () => {
		const logs = Array.from({ length: 40 }, (_, index) => ({ start: index * 100, end: index * 100 }));
		expect(gapsOf(buildClock(logs, 3900, true))).toEqual([]);
	});

	test("copes with two instants and nothing between", () => {
		const clock = buildClock(
			[
				{ start: 0, end: 0 },
				{ start: 1e12, end: 1e12 },
			],
			1e12,
			true,
		);
		expect(positionOf(clock, 0)).toBe(0);
		expect(positionOf(clock, 1e12)).toBe(1);
	});
});

describe("positions", () => {
	test.each([true, false])("rise with time and lead back to it (compressed: %s)", (compress) => {
		const clock = buildClock(STORY, 41_200, compress);
		let before = -1;
		for (let offset = 0; offset <= 41_200; offset += 103) {
			const x = positionOf(clock, offset);
			expect(x).toBeGreaterThan(before);
			expect(offsetAt(clock, x)).toBeCloseTo(offset, 3);
			before = x;
		}
		expect(positionOf(clock, 0)).toBe(0);
		expect(positionOf(clock, 41_200)).toBe(1);
	});

	test("of a zoomed clock span the chosen range", () => {
		const clock = buildClock(STORY, 41_200, true);
		const zoomed = zoomClock(clock, 2100, 41_100);
		expect(positionOf(zoomed, 2100)).toBeCloseTo(0, 9);
		expect(positionOf(zoomed, 41_100)).toBeCloseTo(1, 9);
		expect(positionOf(zoomed, 100)).toBeLessThan(0);
		expect(offsetAt(zoomed, positionOf(zoomed, 2200))).toBeCloseTo(2200, 3);
	});

	test("exist for a flow of no length", () => {
		const clock = buildClock([{ start: 0, end: 0 }], 0, true);
		expect(positionOf(clock, 0)).toBe(0);
		expect(Number.isFinite(offsetAt(clock, 0.5))).toBe(true);
	});
});

describe("ticks", () => {
	test("stand at round offsets outside gaps", () => {
		const clock = buildClock(STORY, 41_200, true);
		const offsets = ticksOf(clock, 6).map((tick) => tick.offset);
		expect(offsets.slice(0, 5)).toEqual([0, 500, 1000, 1500, 2000]);
		expect(offsets.every((offset) => offset <= 2300 || offset >= 41_000)).toBe(true);
	});

	test("are never too near to each other, however far one zooms", () => {
		const clock = buildClock([{ start: 0, end: 3.6e12 }], 3.6e12, true);
		for (const width of [3.6e12, 1e9, 1e6, 5000, 10]) {
			const ticks = ticksOf(zoomClock(clock, 1e11, 1e11 + width), 6);
			expect(ticks.length).toBeGreaterThan(1);
			expect(ticks.length).toBeLessThan(14);
		}
	});
});
