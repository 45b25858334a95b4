//! The rows of the waterfall, one function per kind.

import type { CSSProperties, JSX } from "preact";
import { oneLine, plural } from "../../base/text";
import { formatDuration, formatOffset, nanos } from "../../base/time";
import { positionOf } from "../../model/clock";
import { bodyText } from "../../model/record";
import { severityLetter, severityOf } from "../../model/severity";
import { spanKey } from "../../model/span-tree";
import type { GapRow, GroupRow, LogRow, Row, SpanRow, TraceRow } from "../../model/visible-rows";
import { Swatch } from "../record/swatch";
import { Bar, QueueWaits } from "./bar";
import type { Scene } from "./scene";

type Style = CSSProperties;

/** Beyond this depth rows are indented by less, so that names stay readable. */
const DEPTH_WIDE = 9;

/** Draws a row. */
export function drawRow(scene: Scene, row: Row, index: number, style: Style): JSX.Element {
	switch (row.kind) {
		case "trace":
			return <TraceLine key={row.id} scene={scene} row={row} style={style} index={index} />;
		case "group":
			return <GroupLine key={row.id} scene={scene} row={row} style={style} index={index} />;
		case "gap":
			return <GapLine key={row.id} row={row} style={style} />;
		case "span":
			return <SpanLine key={row.id} scene={scene} row={row} style={style} index={index} />;
		case "log":
			return <LogLine key={row.id} scene={scene} row={row} style={style} index={index} />;
	}
}

/** Folds or unfolds a row. */
export function toggleFold(scene: Scene, id: string): void {
	const next = new Set(scene.collapsed);
	if (!next.delete(id)) next.add(id);
	scene.setCollapsed(next);
}

function TraceLine({
	scene,
	row,
	style,
	index,
}: {
	scene: Scene;
	row: TraceRow;
	style: Style;
	index: number;
}): JSX.Element {
	const { summary } = row.trace;
	const from = summary.linked_from;
	const length = nanos(summary.end) - nanos(summary.start);
	const facts = [summary.root_service, formatDuration(length), plural(summary.span_count, "span")];
	const choose = (event: MouseEvent): void => {
		event.stopPropagation();
		const node = from && scene.tree.nodes.get(from.span_id);
		if (node) scene.select(node);
	};
	return (
		<div
			class="row trace"
			role="row"
			aria-level={1}
			aria-rowindex={index + 1}
			aria-expanded={!row.collapsed}
			style={style}
			onClick={() => toggleFold(scene, row.id)}
		>
			<div class="name" role="gridcell" title={`trace ${row.trace.id}`}>
				<Fold folded={row.collapsed} /> Trace {row.ordinal} <span class="op">{summary.root_name}</span>
			</div>
			<div class="trace-facts mute" role="gridcell">
				{facts.filter(Boolean).join(" · ")}
				{summary.error_count > 0 && <span class="bad"> · {plural(summary.error_count, "error")}</span>}
				{row.hidden > 0 && <span> · {row.hidden} hidden by the filter</span>}
				{from && (
					<button type="button" class="bare link" onClick={choose}>
						↩ linked from {from.service || "another trace"}
						{from.queue_ns && ` · ${formatDuration(nanos(from.queue_ns))} in queue${queueName(row)}`}
					</button>
				)}
			</div>
		</div>
	);
}

function queueName(row: TraceRow): string {
	for (const item of row.trace.items) {
		if (item.kind !== "span" || !item.record) continue;
		const name = item.record.attributes["messaging.destination.name"];
		if (typeof name === "string" && name !== "") return ` ${name}`;
	}
	return "";
}

function GroupLine({
	scene,
	row,
	style,
	index,
}: {
	scene: Scene;
	row: GroupRow;
	style: Style;
	index: number;
}): JSX.Element {
	const keys = new Set(row.group.logs.flatMap((log) => log.record.correlation.map(({ key }) => key)));
	return (
		<div
			class="row trace"
			role="row"
			aria-level={1}
			aria-rowindex={index + 1}
			aria-expanded={!row.collapsed}
			style={style}
			onClick={() => toggleFold(scene, row.id)}
		>
			<div class="name" role="gridcell">
				<Fold folded={row.collapsed} /> No trace <Swatch colour={scene.colours.get(row.group.service)} />
				<span class="op">{row.group.service}</span>
			</div>
			<div class="trace-facts mute" role="gridcell">
				logs only · {plural(row.group.logs.length, "record")}
				{keys.size > 0 && `, joined by ${[...keys].join(", ")}`}
				{row.hidden > 0 && ` · ${row.hidden} hidden by the filter`}
			</div>
		</div>
	);
}

function GapLine({ row, style }: { row: GapRow; style: Style }): JSX.Element {
	return (
		<div class="row gap" role="row" style={style}>
			<div class="name" role="gridcell">
				⋯
			</div>
			<div role="gridcell">{formatDuration(row.gap.to - row.gap.from)} with no telemetry, compressed</div>
		</div>
	);
}

function SpanLine({
	scene,
	row,
	style,
	index,
}: {
	scene: Scene;
	row: SpanRow;
	style: Style;
	index: number;
}): JSX.Element {
	const { node } = row;
	const { record } = node;
	const selected = scene.selected === node;
	const links = scene.tree.linksTo.get(spanKey(node.traceId, node.spanId))?.length ?? 0;
	// On a phone the service is said where it changes; the colour says it everywhere.
	const inherits = record?.service === node.parent?.record?.service;
	const toggle = (event: MouseEvent): void => {
		event.stopPropagation();
		toggleFold(scene, row.id);
	};
	return (
		<div
			id={`row-${row.id}`}
			class={`row ${selected ? "sel" : ""} ${row.context ? "context" : ""}`}
			role="row"
			aria-level={row.depth + 2}
			aria-rowindex={index + 1}
			aria-selected={selected}
			aria-expanded={row.expandable ? !row.collapsed : undefined}
			style={style}
			onClick={() => scene.select(selected ? null : node)}
		>
			<div class="name" role="gridcell" style={{ "--depth": indentOf(row.depth) } as Style}>
				{row.expandable && (
					<button
						type="button"
						class="fold-mark"
						tabIndex={-1}
						aria-label={row.collapsed ? "Unfold" : "Fold"}
						onClick={toggle}
					>
						{row.collapsed ? "▸" : "▾"}
					</button>
				)}
				<Swatch colour={record ? scene.colours.get(record.service) : undefined} />
				{record ? <b class={inherits ? "same" : ""}>{record.service}</b> : <b class="mute">not here</b>}
				<span class="op">{record ? record.name : missingText(scene)}</span>
				{row.collapsed && <span class="count">{plural(node.size, "row")}</span>}
				{node.error && (
					<span class="bad" title="error">
						✖
					</span>
				)}
				{links > 0 && (
					<span class="link" title={`${plural(links, "span")} link here`}>
						↪{links > 1 ? links : ""}
					</span>
				)}
			</div>
			<div class="lane" role="gridcell">
				<QueueWaits scene={scene} node={node} />
				<Bar scene={scene} node={node} />
			</div>
		</div>
	);
}

function missingText(scene: Scene): string {
	return scene.flow.state === "running" ? "parent still running, or on its way" : "parent span is missing";
}

function LogLine({
	scene,
	row,
	style,
	index,
}: {
	scene: Scene;
	row: LogRow;
	style: Style;
	index: number;
}): JSX.Element {
	const { node } = row;
	const { record } = node;
	const selected = scene.selected === node;
	const severity = severityOf(record.severity);
	const x = positionOf(scene.sight, node.start);
	const text = oneLine(bodyText(record.body) || record.event_name || "(empty body)");
	// The text may run on under the empty part of the lane before its tick.
	const room = x > 0.06 && x <= 1 ? { "--room": `${x}` } : undefined;
	return (
		<div
			id={`row-${row.id}`}
			class={`row log ${severity} ${selected ? "sel" : ""} ${room ? "runs-on" : ""}`}
			role="row"
			aria-level={row.depth + 2}
			aria-rowindex={index + 1}
			aria-selected={selected}
			style={room ? ({ ...style, ...room } as Style) : style}
			title={`${record.service} ${formatOffset(BigInt(Math.round(node.start)))}  ${text}`}
			onClick={() => scene.select(selected ? null : node)}
		>
			<div class="name mono" role="gridcell" style={{ "--depth": indentOf(row.depth) } as Style}>
				<span class="lv">{severityLetter(record.severity)}</span>
				<span class="msg">{text}</span>
			</div>
			<div class="lane" role="gridcell">
				{x >= 0 && x <= 1 && <span class="tick" style={{ left: `${x * 100}%` }} />}
			</div>
		</div>
	);
}

function Fold({ folded }: { folded: boolean }): JSX.Element {
	return (
		<span class="fold-mark" aria-hidden="true">
			{folded ? "▸" : "▾"}
		</span>
	);
}

/** How many indents a row stands in. */
function indentOf(depth: number): number {
	return Math.min(depth, DEPTH_WIDE) + Math.max(0, Math.min(depth - DEPTH_WIDE, 20)) / 4;
}
