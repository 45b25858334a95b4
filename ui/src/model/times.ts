//! How an instant of a flow is written, in each of the ways the reader can choose.

import { formatClock, formatDuration, formatOffset, type Nanos } from "../base/time";
import type { Tick } from "./clock";
import type { FlowParams } from "./route";

/** An instant as the reader wants it. */
export function formatInstant(time: Nanos, origin: Nanos, sincePrevious: Nanos, times: FlowParams["times"]): string {
	if (times === "clock") return formatClock(time);
	if (times === "previous") return sincePrevious === 0n ? "0" : formatOffset(sincePrevious);
	return formatOffset(time - origin);
}

/** An axis mark: an offset, or the wall clock. */
export function formatTick(tick: Tick, origin: Nanos, times: FlowParams["times"]): string {
	if (times === "clock") return formatClock(origin + BigInt(Math.round(tick.offset)));
	return tick.offset === 0 ? "0" : formatDuration(tick.offset);
}
