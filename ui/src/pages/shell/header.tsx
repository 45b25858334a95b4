//! The line on top of every page: the mark, the box, the ways, the keys.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { formatRoute, type Route, searchRoute } from "../../model/route";
import { Go } from "../../widgets/controls";
import { useKeys } from "../../widgets/keys";
import { Box } from "./box";
import { KeySheet } from "./key-sheet";

/** Draws the header. */
export function Header({ route }: { route: Route }): JSX.Element {
	const sheet = useRef<HTMLDialogElement>(null);
	useKeys({ "?": () => sheet.current?.showModal() });
	return (
		<header class="top">
			<Go to="" class="mark" title="Home">
				spoor<i>.</i>
			</Go>
			<Box route={route} />
			<nav aria-label="Pages">
				<Go to="" current={route.page === "home" || route.page === "flow" || route.page === "find"}>
					Flows
				</Go>
				<Go to={formatRoute(searchRoute())} current={route.page === "search"}>
					Search
				</Go>
				<Go to="services" current={route.page === "services"}>
					Services
				</Go>
				<button
					type="button"
					class="bare"
					title="Keys (?)"
					aria-label="Keys"
					onClick={() => sheet.current?.showModal()}
				>
					?
				</button>
			</nav>
			<KeySheet sheet={sheet} />
		</header>
	);
}
