//! The top two lines: how it went, whom to wake, how long, how much, and whether this is all of it.

import type { ComponentChildren, JSX } from "preact";
import { formatCount } from "../../base/text";
import { formatClock, formatDate, formatDuration, formatExactDuration, formatRfc3339, nanos } from "../../base/time";
import type { FlowState } from "../../model/answers";
import type { Correlation } from "../../model/record";
import { flowRoute, formatRoute, TRACE_KEY } from "../../model/route";
import { Copy, Go } from "../../widgets/controls";
import type { Scene } from "./scene";

const STATES: Record<FlowState, string> = { ok: "Completed", error: "Failed", running: "Running", stuck: "Stuck" };

/** Draws the verdict. */
export function Verdict({ scene }: { scene: Scene }): JSX.Element {
	const { flow, route } = scene;
	const key = route.key === TRACE_KEY ? "trace" : route.key;
	return (
		<div class="verdict">
			<h1>
				<span class={`state ${flow.state}`}>
					<i class="blob" /> {STATES[flow.state]}
				</span>
				<span class="identity">
					<span class="mute key">{key}</span> <span class="mono">{flow.id}</span>
					<Copy class="bare copy-id" label="Copy the ID" text={() => flow.id}>
						<svg viewBox="0 0 14 14" aria-hidden="true">
							<rect x="4.5" y="4.5" width="8" height="8" rx="1.5" />
							<path d="M9.5 2.5v-.2a.8.8 0 0 0-.8-.8H2.3a.8.8 0 0 0-.8.8v6.4c0 .4.4.8.8.8h.2" />
						</svg>
					</Copy>
				</span>
				{route.key === TRACE_KEY && <PartOf scene={scene} />}
			</h1>
			<CauseLine scene={scene} />
			<Facts scene={scene} />
		</div>
	);
}

const FLOWS_SHOWN = 2;

/** The flows a trace belongs to. */
function PartOf({ scene }: { scene: Scene }): JSX.Element {
	const { spans, logs } = scene.flow;
	const flows = new Map<string, Correlation>();
	for (const record of [...spans, ...logs]) {
		for (const one of record.correlation) flows.set(`${one.key} ${one.value}`, one);
	}
	return (
		<span class="part-of">
			{[...flows].slice(0, FLOWS_SHOWN).map(([name, { key, value }]) => (
				<Go key={name} to={formatRoute(flowRoute(key, value))} class="chip" title={`All of ${name}`}>
					in {key} <span class="mono">{value}</span>
				</Go>
			))}
			{flows.size > FLOWS_SHOWN && <span class="mute">and {flows.size - FLOWS_SHOWN} more</span>}
		</span>
	);
}

function CauseLine({ scene }: { scene: Scene }): JSX.Element | null {
	const { cause, state } = scene.flow;
	if (!cause) {
		if (state !== "running" && state !== "stuck") return null;
		return (
			<div class={`cause ${state}`}>
				<div class="t">{state === "running" ? "Still going on" : "It should have ended by now"}</div>
				<div class="mute">
					{state === "running" ? "What arrives is added here by itself." : "The end a rule waits for has not come."}
				</div>
			</div>
		);
	}
	const choose = (): void => {
		const exact = [...scene.tree.nodes.values()].find((node) => node.record?.record === cause.record);
		scene.select(exact ?? scene.tree.nodes.get(cause.span_id) ?? null);
	};
	return (
		<button type="button" class="cause" onClick={choose} title="Go to it">
			<div class="t">
				<span class="bad">Cause</span> · {cause.service}
				{cause.message && ` — ${cause.message}`}
			</div>
			<div class="mute">
				{cause.name}
				{cause.owner ? (
					<>
						{" · owner "}
						<b class="owner">{cause.owner}</b>
					</>
				) : (
					" · no owner known"
				)}
				{" · "}
				{formatClock(nanos(cause.time))}
			</div>
		</button>
	);
}

function Facts({ scene }: { scene: Scene }): JSX.Element {
	const { flow } = scene;
	const start = nanos(flow.start);
	const length = nanos(flow.end) - start;
	const busy = nanos(flow.busy_ns);
	return (
		<div class="facts">
			<span title={`${formatExactDuration(busy)} busy in ${formatExactDuration(length)}`}>
				<b>{formatDuration(busy)}</b> busy
				{formatDuration(busy) !== formatDuration(length) && (
					<>
						{" in "}
						<b>{formatDuration(length)}</b>
					</>
				)}
			</span>
			<Count value={flow.traces.length} noun="trace" />
			<Count value={flow.services.length} noun="service" />
			<Count value={flow.span_count} noun="span" />
			<span>
				<Count value={flow.log_count} noun="log" />
				{flow.error_count > 0 && (
					<>
						, <b class="bad">{formatCount(flow.error_count)}</b> {flow.error_count === 1 ? "error" : "errors"}
					</>
				)}
			</span>
			<span title={formatRfc3339(start)}>
				{formatDate(start)} <b>{formatClock(start)}</b>
			</span>
			<Completeness scene={scene} />
		</div>
	);
}

function Count({ value, noun }: { value: number; noun: string }): JSX.Element {
	return (
		<span>
			<b>{formatCount(value)}</b> {value === 1 ? noun : `${noun}s`}
		</span>
	);
}

const VERDICTS = { complete: "✓ complete", incomplete: "⚠ incomplete", unknown: "maybe not all" };

function Completeness({ scene }: { scene: Scene }): JSX.Element {
	const { completeness, duplicate_count: duplicates } = scene.flow;
	const { verdict, reasons } = completeness;
	const said: ComponentChildren = (
		<>
			<span class={verdict === "incomplete" ? "warn" : ""}>{VERDICTS[verdict]}</span>
			{duplicates > 0 && ` · ${formatCount(duplicates)} duplicate${duplicates === 1 ? "" : "s"} removed`}
		</>
	);
	if (reasons.length === 0) return <span title="no parent missing, nothing rejected, sampled or cut">{said}</span>;
	return (
		<details class="popover">
			<summary title={reasons.map((reason) => reason.message).join("\n")}>{said} ▾</summary>
			<ul>
				{reasons.map((reason) => (
					<li key={reason.code}>
						<b>{reason.code.replaceAll("_", " ")}</b>
						<span class="mute num"> {formatCount(reason.count)}</span>
						<div class="mute">{reason.message}</div>
					</li>
				))}
			</ul>
		</details>
	);
}
