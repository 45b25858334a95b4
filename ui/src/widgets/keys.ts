//! Keys for whoever is in front: a map from key to action, silent while the reader types.

import { useEffect, useRef } from "preact/hooks";

/** Actions by the key's name as the browser gives it (`j`, `N`, `Escape`, `/`). */
export type Keys = Record<string, () => void>;

/** Listens while the component stands. */
export function useKeys(keys: Keys): void {
	const current = useRef(keys);
	current.current = keys;
	useEffect(() => {
		const listen = (event: KeyboardEvent): void => {
			if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
			if (isTyping(event.target) || (isControl(event.target) && (event.key === "Enter" || event.key === " "))) return;
			if (document.querySelector("dialog[open]")) return;
			const action = current.current[event.key];
			if (!action) return;
			event.preventDefault();
			action();
		};
		addEventListener("keydown", listen);
		return () => removeEventListener("keydown", listen);
	}, []);
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}

function isControl(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.matches("button, a, summary");
}
