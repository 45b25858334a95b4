//! The order of severities, and the letter each has in a list.

/** From worst to least; a histogram stacks them from the bottom in this order. */
export const SEVERITIES = ["fatal", "error", "warn", "info", "debug", "trace", "unspecified"] as const;

/** A severity by name. */
export type Severity = (typeof SEVERITIES)[number];

const LETTERS: Record<Severity, string> = {
	fatal: "F",
	error: "E",
	warn: "W",
	info: "I",
	debug: "D",
	trace: "T",
	unspecified: "·",
};

/** The severity a name stands for; an unknown name is unspecified. */
export function severityOf(name: string): Severity {
	return SEVERITIES.find((severity) => severity === name) ?? "unspecified";
}

/** The letter for a list. */
export function severityLetter(name: string): string {
	return LETTERS[severityOf(name)];
}

/** Higher is worse; unspecified is 0. */
export function severityRank(name: string): number {
	return SEVERITIES.length - 1 - SEVERITIES.indexOf(severityOf(name));
}
