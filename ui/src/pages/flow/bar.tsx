//! What stands in a span's lane: its bar, its events, and how long it had waited.

import type { ComponentChildren, JSX } from "preact";
import { formatDuration, formatOffset, nanos } from "../../base/time";
import { positionOf } from "../../model/clock";
import { type SpanNode, spanKey } from "../../model/span-tree";
import { colourOf } from "../record/swatch";
import type { Scene } from "./scene";

/** A span's bar, with its duration, its events and whether it is on a critical path. */
export function Bar({ scene, node }: { scene: Scene; node: SpanNode }): JSX.Element {
	const { sight, tree } = scene;
	const until = node.open && scene.flow.state === "running" ? tree.length : node.end;
	const x0 = positionOf(sight, node.start);
	const x1 = positionOf(sight, until);
	const duration = node.open ? (node.record ? "no end" : "") : formatDuration(node.end - node.start);
	if (x1 < 0) return <span class="beyond left">‹ {duration}</span>;
	if (x0 > 1) return <span class="beyond right">{duration} ›</span>;
	const left = Math.max(0, x0);
	const right = Math.min(1, x1);
	const service = node.record?.service;
	const classes = [
		"bar",
		node.error && "err",
		node.open && "open",
		!node.record && "missing",
		x0 < 0 && "cut-left",
		x1 > 1 && "cut-right",
	];
	const title = node.record
		? `${service} ${node.record.name}: ${duration || "no end"}, from ${formatOffset(BigInt(Math.round(node.start)))}`
		: "the span its children name as parent";
	return (
		<span
			class={classes.filter(Boolean).join(" ")}
			title={title}
			style={{
				left: `${left * 100}%`,
				width: `${(right - left) * 100}%`,
				background: node.record ? colourOf(scene.colours.get(service ?? "")) : undefined,
			}}
		>
			{scene.critical.has(node.id) && <i class="crit" />}
			<Marks scene={scene} node={node} left={left} right={right} />
			<span class="d">{duration}</span>
		</span>
	);
}

const MARKS_MAX = 50;

/** Span events as marks on the bar; exceptions red. */
function Marks({
	scene,
	node,
	left,
	right,
}: {
	scene: Scene;
	node: SpanNode;
	left: number;
	right: number;
}): ComponentChildren {
	const events = node.record?.events ?? [];
	if (events.length === 0 || right <= left) return null;
	return events.slice(0, MARKS_MAX).map((event, index) => {
		const x = positionOf(scene.sight, Number(nanos(event.time) - scene.tree.origin));
		if (x < left || x > right) return null;
		return (
			<i
				key={index}
				class={`mark-event ${event.name === "exception" ? "bad" : ""}`}
				title={event.name}
				style={{ left: `${((x - left) / (right - left)) * 100}%` }}
			/>
		);
	});
}

/** How long what began here had waited since the span it links to. */
export function QueueWaits({ scene, node }: { scene: Scene; node: SpanNode }): ComponentChildren {
	const links = scene.tree.linksFrom.get(spanKey(node.traceId, node.spanId));
	const waits = links?.map((link) => Number(nanos(link.queue_ns))).filter((wait) => wait > 0) ?? [];
	if (waits.length === 0) return null;
	const wait = Math.max(...waits);
	const x0 = Math.max(0, positionOf(scene.sight, node.start - wait));
	const x1 = Math.min(1, positionOf(scene.sight, node.start));
	if (x1 <= x0) return null;
	return (
		<span
			class="queue"
			title={`${formatDuration(wait)} in queue`}
			style={{ left: `${x0 * 100}%`, width: `${(x1 - x0) * 100}%` }}
		/>
	);
}
