//! Which colour a service has: the same one every time the same services stand together.

/** How many service colours the stylesheet defines (`--s1` …). */
export const COLOURS = 12;

/** Gives each service a colour number from 1; two share one only when there are more services than colours. */
export function assignColours(services: Iterable<string>): Map<string, number> {
	const colours = new Map<string, number>();
	const uses = new Array<number>(COLOURS).fill(0);
	for (const service of [...new Set(services)].sort()) {
		const fewest = Math.min(...uses);
		let at = hash(service) % COLOURS;
		while (uses[at] !== fewest) at = (at + 1) % COLOURS;
		uses[at] = fewest + 1;
		colours.set(service, at + 1);
	}
	return colours;
}

function hash(text: string): number {
	let value = 2166136261;
	for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
	return value >>> 0;
}
