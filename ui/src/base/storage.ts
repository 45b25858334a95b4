//! What the browser remembers for this reader. Every access may fail (private mode, full disk): then nothing is remembered.

const PREFIX = "spoor.";

/** Reads a remembered value, or `fallback` when there is none or it is of another shape. */
export function recall<T>(name: string, fallback: T, accepts: (value: unknown) => value is T): T {
	try {
		const text = localStorage.getItem(PREFIX + name);
		const value: unknown = text === null ? null : JSON.parse(text);
		return accepts(value) ? value : fallback;
	} catch {
		return fallback;
	}
}

/** Remembers a value. */
export function remember(name: string, value: unknown): void {
	try {
		localStorage.setItem(PREFIX + name, JSON.stringify(value));
	} catch {
		// Nothing depends on it.
	}
}
