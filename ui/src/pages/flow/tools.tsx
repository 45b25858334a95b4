//! The row of choices: which picture, which records, which times.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../../base/text";
import { TIMES } from "../../model/route";
import { Pill, Segments } from "../../widgets/controls";
import type { Scene } from "./scene";

const VIEW_OPTIONS = [
	{ value: "timeline", text: "Timeline", key: "1" },
	{ value: "lanes", text: "Lanes", key: "2" },
	{ value: "events", text: "Events", key: "3" },
] as const;

/** How each way to write times is called. */
export const TIME_NAMES = { start: "since start", clock: "clock time", previous: "since previous" } as const;

/** Draws the tools. */
export function Tools({ scene }: { scene: Scene }): JSX.Element {
	const { route, patch, tree } = scene;
	const nextTimes = TIMES[(TIMES.indexOf(route.times) + 1) % TIMES.length] ?? "start";
	return (
		<div class="tools">
			<Segments label="View" options={VIEW_OPTIONS} value={route.view} onChoose={(view) => patch({ view }, "push")} />
			<FilterInput scene={scene} />
			<div class="pills">
				<Pill
					on={route.errors}
					disabled={tree.errors.length === 0}
					title="Only errors and what leads to them"
					onClick={() => patch({ errors: !route.errors }, "push")}
				>
					Errors {formatCount(tree.errors.length)}
				</Pill>
				<Pill
					on={route.critical}
					title="Underline the spans that made it take as long as it did (c)"
					onClick={() => patch({ critical: !route.critical })}
				>
					Critical path
				</Pill>
				<Pill on={route.logs} title="Logs among the spans (l)" onClick={() => patch({ logs: !route.logs })}>
					Logs
				</Pill>
				<Pill
					on={route.compress}
					title="Draw long idle times short (i)"
					onClick={() => patch({ compress: !route.compress })}
				>
					Compress idle
				</Pill>
				<Pill class="beside" title="How times are written (t)" onClick={() => patch({ times: nextTimes })}>
					{TIME_NAMES[route.times]} ▾
				</Pill>
				{route.zoom && (
					<Pill on title="Show the whole flow (0)" onClick={() => patch({ zoom: null }, "push")}>
						Zoomed ✕
					</Pill>
				)}
				{route.subtree && (
					<Pill on title="Show the whole flow again" onClick={() => patch({ subtree: "" }, "push")}>
						Subtree ✕
					</Pill>
				)}
			</div>
		</div>
	);
}

function FilterInput({ scene }: { scene: Scene }): JSX.Element {
	const { route, patch, visible } = scene;
	const [text, setText] = useState(route.filter);
	const input = useRef<HTMLInputElement>(null);
	const latest = useRef(patch);
	latest.current = patch;
	useEffect(() => setText(route.filter), [route.filter]);
	useEffect(() => {
		if (text === route.filter) return;
		// While somebody types fast, the rows wait.
		const timer = setTimeout(() => latest.current({ filter: text }), 120);
		return () => clearTimeout(timer);
	}, [text, route.filter]);
	return (
		<label class={`filter ${route.filter ? "on" : ""}`}>
			<input
				ref={input}
				id="flow-filter"
				value={text}
				placeholder="Filter this flow: words, field:value …"
				aria-label="Filter this flow"
				spellcheck={false}
				autocomplete="off"
				onInput={(event) => setText(event.currentTarget.value)}
				onKeyDown={(event) => {
					if (event.key === "Escape" && text !== "") setText("");
					else if (event.key === "Escape" || event.key === "Enter") input.current?.blur();
				}}
			/>
			<span class="mono num" aria-live="polite">
				{formatCount(visible.passing.size)} of {formatCount(visible.total)}
			</span>
		</label>
	);
}
