//! The title of the browser's tab.

import { useEffect } from "preact/hooks";

/** Names the page. */
export function useTitle(title: string): void {
	useEffect(() => {
		document.title = title === "" ? "Spoor" : `${title} · Spoor`;
	}, [title]);
}
