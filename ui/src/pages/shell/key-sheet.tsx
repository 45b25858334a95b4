//! All keys on one sheet.

import type { JSX, RefObject } from "preact";

const GROUPS: [string, [string, string][]][] = [
	[
		"Everywhere",
		[
			["/", "the box"],
			["?", "this sheet"],
			["esc", "close, clear, step out"],
		],
	],
	[
		"Rows",
		[
			["j k ↓ ↑", "next, previous row"],
			["e E", "next, previous error"],
			["n N", "next, previous match of the filter"],
			["enter", "fold or unfold"],
			["← →", "fold, unfold"],
			["[ ]", "fold all, unfold all"],
			["g", "go to the parent"],
			["x", "follow the link"],
			["y", "copy a link to what is shown"],
		],
	],
	[
		"Flow",
		[
			["1 2 3", "timeline, lanes, events"],
			["f", "fit the selection"],
			["+ −", "zoom"],
			["a d", "earlier, later"],
			["0", "whole flow"],
			["l", "logs"],
			["c", "critical path"],
			["i", "compress idle time"],
			["t", "how times are written"],
		],
	],
];

/** The sheet; closed until somebody asks. */
export function KeySheet({ sheet }: { sheet: RefObject<HTMLDialogElement | null> }): JSX.Element {
	return (
		<dialog
			ref={sheet}
			class="sheet"
			aria-label="Keys"
			onClick={(event) => event.target === sheet.current && sheet.current?.close()}
		>
			<form method="dialog" class="sheet-inside">
				{GROUPS.map(([title, keys]) => (
					<section key={title}>
						<h2>{title}</h2>
						<dl>
							{keys.map(([key, meaning]) => (
								<div key={key}>
									<dt>
										{key.split(" ").map((one) => (
											<kbd key={one}>{one}</kbd>
										))}
									</dt>
									<dd>{meaning}</dd>
								</div>
							))}
						</dl>
					</section>
				))}
				<button type="submit" class="pill">
					Close
				</button>
			</form>
		</dialog>
	);
}
