//! Words and numbers for people.

const GROUPED = new Intl.NumberFormat("en-US");

/** A count with thousands separators: `8,112`. */
export function formatCount(value: number): string {
	return GROUPED.format(value);
}

/** A count with its noun: `1 span`, `2 spans`. */
export function plural(value: number, noun: string, many = `${noun}s`): string {
	return `${formatCount(value)} ${value === 1 ? noun : many}`;
}

/** The first line of a text, cut at `max` characters. */
export function oneLine(text: string, max = 400): string {
	const end = text.indexOf("\n");
	const line = end < 0 ? text : `${text.slice(0, end)} ⏎`;
	return line.length > max ? `${line.slice(0, max)}…` : line;
}
