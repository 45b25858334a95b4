//! A word to the reader that goes by itself, for what a key did where nothing else shows it.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

const SHOWN_MS = 1600;

const word = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says it, in place of what was said before. */
export function say(text: string): void {
	clearTimeout(timer);
	word.value = text;
	timer = setTimeout(() => {
		word.value = "";
	}, SHOWN_MS);
}

/** Where it is said; one per page. */
export function Toast(): JSX.Element {
	return (
		<div class="toast" role="status" data-shown={word.value !== "" || undefined}>
			{word.value}
		</div>
	);
}
