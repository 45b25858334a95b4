//! An address that is no page.

import type { JSX } from "preact";
import { Go } from "../../widgets/controls";
import { Notice } from "../../widgets/states";
import { useTitle } from "./title";

/** Says so. */
export function UnknownPage({ path }: { path: string }): JSX.Element {
	useTitle("No such page");
	return (
		<main class="centre">
			<Notice
				title="There is no such page"
				actions={
					<Go to="" class="pill">
						Home
					</Go>
				}
			>
				<span class="mono">/{path}</span> is no page of Spoor. An ID goes in the box above.
			</Notice>
		</main>
	);
}
