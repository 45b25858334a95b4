//! A service's colour.

import type { JSX } from "preact";

/** A small square in a service's colour (a number from the palette). */
export function Swatch({ colour }: { colour: number | undefined }): JSX.Element {
	return <span class="sw" style={{ background: colourOf(colour) }} />;
}

/** The CSS colour of a palette number; grey for none. */
export function colourOf(colour: number | undefined): string {
	return colour === undefined ? "var(--faint)" : `var(--s${colour})`;
}
