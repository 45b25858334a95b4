//! How durations, offsets and instants read.

import { describe, expect, test } from "vitest";
import { formatAgo, formatDuration, formatExactDuration, formatOffset, formatRfc3339, nanos } from "./time";

describe("durations", () => {
	test.each([
		[0n, "0 ns"],
		[812n, "812 ns"],
		[1_000n, "1 µs"],
		[41_250n, "41.3 µs"],
		[999_499n, "999 µs"],
		[999_999n, "1 ms"],
		[31_000_000n, "31 ms"],
		[999_499_999n, "999 ms"],
		[999_999_999n, "1 s"],
		[1_512_004_211n, "1.51 s"],
		[41_200_000_000n, "41.2 s"],
		[59_990_000_000n, "1 m"],
		[252_000_000_000n, "4 m 12 s"],
		[3_599_900_000_000n, "1 h"],
		[7_500_000_000_000n, "2 h 5 m"],
		[187_200_000_000_000n, "2 d 4 h"],
		[-31_000_000n, "−31 ms"],
	])("%s ns reads %s", (ns, text) => {
		expect(formatDuration(ns)).toBe(text);
	});

	test("no digit is lost where all are asked for", () => {
		expect(formatExactDuration(1_512_004_211n)).toBe("1 512 004 211 ns");
	});
});

describe("instants", () => {
	test("nanoseconds beyond 2^53 keep their last digit", () => {
		expect(formatRfc3339(nanos("1763836024812345679"))).toBe("2025-11-22T18:27:04.812345679Z");
	});

	test("the years 1969 and 2500 are instants like others", () => {
		expect(formatRfc3339(-1n)).toBe("1969-12-31T23:59:59.999999999Z");
		expect(formatRfc3339(nanos("16725225600000000000"))).toBe("2500-01-01T00:00:00.000000000Z");
	});

	test("what is no number reads as 0", () => {
		for (const text of ["", "x", "1.5", "1e9", null, undefined]) expect(nanos(text)).toBe(0n);
	});

	test.each([
		[0n, "0"],
		[400_000n, "+400 µs"],
		[227_400_000n, "+227.4 ms"],
		[1_508_000_000n, "+1.508 s"],
		[-5_000_000n, "−5 ms"],
		[61_000_000_000n, "+1 m 1 s"],
	])("an offset of %s reads %s", (ns, text) => {
		expect(formatOffset(ns)).toBe(text);
	});

	test("ages have one unit", () => {
		const now = 10_000_000_000_000n;
		expect(formatAgo(now, now)).toBe("just now");
		expect(formatAgo(now - 59_000_000_000n, now)).toBe("59 s ago");
		expect(formatAgo(now - 3_700_000_000_000n, now)).toBe("1 h ago");
		expect(formatAgo(now + 2_000_000_000n, now)).toBe("in 2 s");
	});
});
