//! The browser's address as a signal. The address is the state of every page; this file is the only one that writes it.

import { signal } from "@preact/signals";

/** The address below the application's root, with its query: `flow/order.id/ord-1?view=lanes`. */
export const address = signal("");

let root = "/";

/** Takes the root from `<base>` and follows the browser's back and forward. Call once. */
export function startLocation(): void {
	root = new URL(".", document.baseURI).pathname;
	read();
	addEventListener("popstate", read);
}

/** The full path of an address below the root, for `href`. */
export function hrefOf(target: string): string {
	return root + target;
}

/** The absolute address of what is shown, for sharing. */
export function permalink(): string {
	return window.location.href;
}

/** Goes to an address: a step in the history, or a correction of the current one. */
export function go(target: string, how: "push" | "replace" = "push"): void {
	if (target === address.peek()) return;
	if (how === "push") history.pushState(null, "", hrefOf(target));
	else history.replaceState(null, "", hrefOf(target));
	address.value = target;
}

function read(): void {
	const { pathname, search } = window.location;
	address.value = (pathname.startsWith(root) ? pathname.slice(root.length) : "") + search;
}
