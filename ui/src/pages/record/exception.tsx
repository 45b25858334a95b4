//! An exception with its stack: own frames dark, library frames faint.

import type { JSX } from "preact";
import type { Exception } from "../../model/exception";
import { Copy, REACHABLE } from "../../widgets/controls";
import { Section } from "./panel";

/** The exception; `at` says when. */
export function ExceptionView({ exception, at }: { exception: Exception; at: string }): JSX.Element {
	const { type, message, stack } = exception;
	return (
		<Section title="exception" note={`${type} · ${at}`}>
			<div class="stack mono" role="group" aria-label="Stack" {...REACHABLE}>
				{message && <div class="bad">{message}</div>}
				{stack.map((line, index) => (
					<div key={index} class={line.library ? "library" : line.frame ? "frame" : ""}>
						{line.text || " "}
					</div>
				))}
			</div>
			{stack.length > 0 && (
				<Copy class="bare mute" text={() => [`${type}: ${message}`, ...stack.map((line) => line.text)].join("\n")}>
					copy stack
				</Copy>
			)}
		</Section>
	);
}
