//! A range of the address, in words.

import { formatClock, formatDate, nanos } from "../../base/time";

/** `in the last 15m`, `Nov 22 18:20:00 – 18:31:12`, `over all time`. */
export function rangeText(start: string, end: string): string {
	if (start === "" && end === "") return "over all time";
	const relative = /^-(\d+\w)$/.exec(start);
	if (relative && end === "") return `in the last ${relative[1]}`;
	if (end === "") return `since ${pointText(start)}`;
	if (start === "") return `until ${pointText(end)}`;
	const [from, to] = [pointText(start), pointText(end)];
	const day = from.lastIndexOf(" ");
	return day > 0 && to.startsWith(from.slice(0, day)) ? `${from} – ${to.slice(day + 1)}` : `${from} – ${to}`;
}

function pointText(point: string): string {
	if (!/^\d{15,}$/.test(point)) return point;
	const time = nanos(point);
	return `${formatDate(time)} ${formatClock(time).slice(0, 8)}`;
}
