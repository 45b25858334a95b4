//! The one box: any ID, words, or a query. It stays on every page and says what it makes of the text.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../../api/client";
import { identify } from "../../model/identify";
import type { Route } from "../../model/route";
import { useKeys } from "../../widgets/keys";
import { recents, submitText } from "./submit";

/** What is wrong with the query that is shown, for the caret under the box. The explorer sets it. */
export const queryProblem = signal<{ text: string; error: ApiError } | null>(null);

/** The box, filled with what the route shows. */
export function Box({ route }: { route: Route }): JSX.Element {
	const shown = textOf(route);
	const [text, setText] = useState(shown);
	const [open, setOpen] = useState(false);
	const [picked, setPicked] = useState(-1);
	const input = useRef<HTMLInputElement>(null);
	useEffect(() => setText(shown), [shown]);
	useKeys({ "/": () => input.current?.select() });

	const choices = open
		? recents.value.filter((recent) => recent !== text && recent.includes(text === shown ? "" : text)).slice(0, 8)
		: [];
	const send = (value: string): void => {
		setText(value);
		setOpen(false);
		setPicked(-1);
		input.current?.blur();
		submitText(value, route);
	};
	const onKeyDown = (event: KeyboardEvent): void => {
		if (event.key === "Escape") input.current?.blur();
		else if (event.key === "ArrowDown") setPicked(Math.min(choices.length - 1, picked + 1));
		else if (event.key === "ArrowUp") setPicked(Math.max(-1, picked - 1));
		else return;
		event.preventDefault();
	};
	const onSubmit = (event: Event): void => {
		event.preventDefault();
		send(choices[picked] ?? text);
	};
	return (
		<search class="box-place">
			<form class="box mono" onSubmit={onSubmit}>
				<span class="glass" aria-hidden="true">
					⌕
				</span>
				<input
					ref={input}
					value={text}
					aria-label="Any ID, words or a query"
					placeholder="Paste any ID, or type words or field:value"
					spellcheck={false}
					autocomplete="off"
					autocapitalize="off"
					enterkeyhint="search"
					onInput={(event) => {
						setText(event.currentTarget.value);
						setPicked(-1);
						setOpen(true);
					}}
					onFocus={() => setOpen(true)}
					onBlur={() => setOpen(false)}
					onKeyDown={onKeyDown}
				/>
				{open && text.trim() !== "" && <span class="shape">{SHAPES[identify(text).shape]}</span>}
				<kbd>/</kbd>
			</form>
			{choices.length > 0 && (
				<ul class="recents mono" aria-label="Recent">
					{choices.map((choice, index) => (
						<li key={choice} class={index === picked ? "on" : ""}>
							<button
								type="button"
								tabIndex={-1}
								onMouseDown={(event) => event.preventDefault()}
								onClick={() => send(choice)}
							>
								{choice}
							</button>
						</li>
					))}
				</ul>
			)}
			{!open && <Problem shown={shown} />}
		</search>
	);
}

const SHAPES = {
	nothing: "",
	"trace id": "trace id ⏎",
	"span id": "span id ⏎",
	traceparent: "traceparent ⏎",
	id: "an ID, else text ⏎",
	query: "search ⏎",
};

/** The caret under the place where the query cannot be read. */
function Problem({ shown }: { shown: string }): JSX.Element | null {
	const problem = queryProblem.value;
	if (!problem || problem.text !== shown) return null;
	const { position, message, expected } = problem.error;
	// The server counts characters, not UTF-16 units.
	const characters = [...shown];
	const part = (from: number, to?: number): string => characters.slice(from, to).join("");
	return (
		<div class="problem mono" role="alert">
			{position !== null && (
				<div class="problem-line">
					<span>{part(0, position)}</span>
					<b>{part(position, position + 1) || " "}</b>
					<span>{part(position + 1)}</span>
				</div>
			)}
			<div class="bad">
				{message}
				{expected && !message.includes("expected") && <span class="mute"> · expected {expected}</span>}
			</div>
		</div>
	);
}

function textOf(route: Route): string {
	switch (route.page) {
		case "flow":
		case "find":
			return route.id;
		case "search":
			return route.q;
		default:
			return "";
	}
}
