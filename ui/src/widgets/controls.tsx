//! Small controls: segments to choose one of several, pills to switch something, links within the application.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { copyText } from "../base/copy";
import { go, hrefOf } from "../base/location";

/** One of several, side by side. */
export function Segments<T extends string>(props: {
	label: string;
	options: readonly { value: T; text: string; key?: string }[];
	value: T;
	onChoose: (value: T) => void;
}): JSX.Element {
	return (
		<fieldset class="seg" aria-label={props.label}>
			{props.options.map(({ value, text, key }) => (
				<button
					type="button"
					key={value}
					class={value === props.value ? "on" : ""}
					aria-pressed={value === props.value}
					title={key ? `${text} (${key})` : undefined}
					onClick={() => props.onChoose(value)}
				>
					{text}
				</button>
			))}
		</fieldset>
	);
}

/** Spread over what scrolls within the page, so that the keyboard comes there in every browser. */
export const REACHABLE = { tabIndex: 0 } as const;

/** A switch. */
export function Pill(props: {
	on?: boolean;
	class?: string;
	title?: string;
	disabled?: boolean;
	onClick: () => void;
	children: ComponentChildren;
}): JSX.Element {
	return (
		<button
			type="button"
			class={`pill ${props.on ? "on" : ""} ${props.class ?? ""}`}
			aria-pressed={props.on}
			title={props.title}
			disabled={props.disabled}
			onClick={props.onClick}
		>
			{props.children}
		</button>
	);
}

/** A link to an address below the root; a plain click stays in the page. */
export function Go(props: {
	to: string;
	class?: string;
	title?: string;
	current?: boolean;
	children: ComponentChildren;
}): JSX.Element {
	const onClick = (event: MouseEvent): void => {
		event.stopPropagation();
		if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		go(props.to);
	};
	return (
		<a
			href={hrefOf(props.to)}
			class={props.class}
			title={props.title}
			aria-current={props.current ? "page" : undefined}
			onClick={onClick}
		>
			{props.children}
		</a>
	);
}

/** Copies a text and says so for a moment. */
export function Copy(props: {
	text: () => string;
	class?: string;
	label?: string;
	children: ComponentChildren;
}): JSX.Element {
	const [done, setDone] = useState<"" | "copied" | "failed">("");
	useEffect(() => {
		if (done === "") return;
		const timer = setTimeout(() => setDone(""), 1400);
		return () => clearTimeout(timer);
	}, [done]);
	const onClick = async (event: MouseEvent): Promise<void> => {
		event.stopPropagation();
		setDone((await copyText(props.text())) ? "copied" : "failed");
	};
	return (
		<button type="button" class={props.class ?? "pill"} onClick={onClick} aria-label={props.label} title={props.label}>
			{done === "" ? props.children : done === "copied" ? "✓ copied" : "not copied"}
		</button>
	);
}
