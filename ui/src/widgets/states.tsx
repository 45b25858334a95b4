//! What stands where content will be, would be, or cannot be.

import type { ComponentChildren, JSX } from "preact";

/** Nothing there, or something wrong: what it is, why, and what to do. */
export function Notice(props: {
	tone?: "plain" | "bad" | "warn";
	title: ComponentChildren;
	children?: ComponentChildren;
	actions?: ComponentChildren;
}): JSX.Element {
	return (
		<section class={`notice ${props.tone ?? "plain"}`} role={props.tone === "bad" ? "alert" : undefined}>
			<h2>{props.title}</h2>
			{props.children && <div class="notice-text">{props.children}</div>}
			{props.actions && <div class="acts">{props.actions}</div>}
		</section>
	);
}

/** One line that says what an answer lacks. */
export function Banner(props: { tone: "warn" | "bad"; children: ComponentChildren }): JSX.Element {
	return (
		<div class={`banner ${props.tone}`} role="status">
			{props.children}
		</div>
	);
}

/** Grey rows in the shape of what is being fetched. It stays invisible for a moment, so that fast answers do not flicker. */
export function Skeleton(props: { rows: number; label: string }): JSX.Element {
	const widths = [62, 48, 71, 38, 55, 44, 66, 30];
	return (
		<div class="skeleton" role="status" aria-label={props.label}>
			{Array.from({ length: props.rows }, (_, index) => (
				<i key={index} style={{ width: `${widths[index % widths.length]}%`, marginLeft: `${(index % 4) * 16}px` }} />
			))}
		</div>
	);
}
