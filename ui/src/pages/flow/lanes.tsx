//! One lane per service on the same clock: who was busy when, who logged what, who waited for whom.

import type { JSX } from "preact";
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { oneLine, plural } from "../../base/text";
import { formatDuration, formatOffset } from "../../base/time";
import { positionOf } from "../../model/clock";
import { buildLanes, type Lane } from "../../model/lanes";
import { titleOf } from "../../model/record";
import { severityOf } from "../../model/severity";
import type { FlowNode } from "../../model/span-tree";
import { Canvas, type Paper } from "../../widgets/canvas";
import { REACHABLE } from "../../widgets/controls";
import { Swatch } from "../record/swatch";
import type { Scene } from "./scene";
import { Axis, Gridlines, NothingShown } from "./timeline";

const BAR = 13;
const LEVEL = 18;
const LOGS = 14;
const PAD = 8;
/** The canvas goes beyond the plot by this much, so that a dot at its very edge is whole; the stylesheet knows it too. */
const EDGE = 8;
/** What a bar cut by the edge may show beyond it: its outline. */
const OUTLINE = 3;
/** A click this near to a tick or a thin bar means it. */
const REACH = 5;

/** Where a node was painted. */
interface Spot {
	node: FlowNode;
	x: number;
	y: number;
	width: number;
	height: number;
}

/** Draws the lanes. */
export function LanesView({ scene }: { scene: Scene }): JSX.Element {
	const { passing } = scene.visible;
	const lanes = useMemo(() => buildLanes(scene.tree, (node) => passing.has(node)), [scene.tree, passing]);
	const spots = useRef<Spot[]>([]);
	const [hover, setHover] = useState<Spot | null>(null);
	const tops = useMemo(() => stack(lanes), [lanes]);
	const height = tops[lanes.length] ?? 0;
	const { selected, sight, colours, tree } = scene;
	const paint = useCallback(
		(paper: Paper) => {
			spots.current = paintLanes(paper, scene, lanes, tops);
		},
		[lanes, tops, sight, selected, colours, tree],
	);
	if (lanes.length === 0) return <NothingShown scene={scene} />;
	const find = (event: MouseEvent): Spot | null => {
		const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
		return spotAt(spots.current, event.clientX - box.left, event.clientY - box.top);
	};
	return (
		<section class="grid lanes" aria-label="Lanes" {...REACHABLE}>
			<div class="virtual-head">
				<Axis scene={scene} title="service" />
			</div>
			<div class="lanes-body" style={{ height: `${height}px` }}>
				<Gridlines scene={scene} />
				{lanes.map((lane, index) => (
					<LaneHead
						key={lane.service}
						scene={scene}
						lane={lane}
						top={tops[index] ?? 0}
						height={(tops[index + 1] ?? 0) - (tops[index] ?? 0)}
					/>
				))}
				<div
					class="lanes-plot"
					onMouseMove={(event) => setHover(find(event))}
					onMouseLeave={() => setHover(null)}
					onClick={(event) => scene.select(find(event)?.node ?? null)}
				>
					<Canvas
						paint={paint}
						height={height}
						label={`${lanes.length} services with their spans and logs over time`}
					/>
					{hover && <Tip spot={hover} />}
				</div>
			</div>
		</section>
	);
}

function LaneHead({
	scene,
	lane,
	top,
	height,
}: {
	scene: Scene;
	lane: Lane;
	top: number;
	height: number;
}): JSX.Element {
	const owner = scene.flow.services.find((service) => service.name === lane.service)?.owner;
	const facts = [
		lane.bars.length > 0 && plural(lane.bars.length, "span"),
		lane.logs.length > 0 && plural(lane.logs.length, "log"),
		owner,
	].filter(Boolean);
	return (
		<div class="lane-head" style={{ top: `${top}px`, height: `${height}px` }}>
			<div class="name">
				<Swatch colour={scene.colours.get(lane.service)} />
				<b>{lane.service || "(no service)"}</b>
				{lane.errors > 0 && <span class="bad">✖ {lane.errors}</span>}
				<span class="op">{facts.join(" · ")}</span>
			</div>
		</div>
	);
}

function Tip({ spot }: { spot: Spot }): JSX.Element {
	const { node } = spot;
	const at = formatOffset(BigInt(Math.round(node.start)));
	return (
		<div class="tip lane-tip" style={{ left: `${spot.x + 4}px`, top: `${spot.y + spot.height + 6}px` }}>
			{node.record && oneLine(titleOf(node.record), 120)}
			<span class="mute num">
				{" "}
				{at}
				{node.kind === "span" && ` · ${formatDuration(node.end - node.start)}`}
			</span>
		</div>
	);
}

function stack(lanes: Lane[]): number[] {
	const tops = [0];
	for (const lane of lanes)
		tops.push((tops.at(-1) ?? 0) + 2 * PAD + Math.max(lane.levels * LEVEL + (lane.logs.length > 0 ? LOGS : 0), LEVEL));
	return tops;
}

function paintLanes(paper: Paper, scene: Scene, lanes: Lane[], tops: number[]): Spot[] {
	const { context, width, height, colour } = paper;
	context.clearRect(0, 0, width, height);
	const spots: Spot[] = [];
	const plot = width - 2 * EDGE;
	const at = (offset: number): number => EDGE + positionOf(scene.sight, offset) * plot;
	lanes.forEach((lane, index) => {
		const top = (tops[index] ?? 0) + PAD;
		const fill = colour(`--s${scene.colours.get(lane.service) ?? 1}`);
		for (const { node, level } of lane.bars) {
			const x = at(node.start);
			const right = at(node.end);
			if (right < EDGE || x > EDGE + plot) continue;
			const spot = { node, x, y: top + level * LEVEL + 2, width: Math.max(2, right - x), height: BAR };
			spots.push(spot);
			paintBar(paper, spot, fill, scene.selected === node);
		}
		const y = top + lane.levels * LEVEL + LOGS / 2;
		for (const node of lane.logs) {
			const severity = severityOf(node.record.severity);
			const x = at(node.start);
			if (x < EDGE - 0.5 || x > EDGE + plot + 0.5) continue;
			spots.push({ node, x: x - 3, y: y - 4, width: 7, height: 8 });
			context.fillStyle = node.error ? colour("--bad") : severity === "warn" ? colour("--warn") : colour("--faint");
			context.beginPath();
			context.arc(x, y, scene.selected === node ? 4.5 : 3, 0, 2 * Math.PI);
			context.fill();
		}
	});
	paintLinks(paper, scene, spots);
	return spots;
}

function paintBar(
	{ context, colour }: Paper,
	{ node, x, y, width, height }: Spot,
	fill: string,
	selected: boolean,
): void {
	const edge = context.canvas.clientWidth - EDGE;
	context.save();
	context.beginPath();
	context.rect(EDGE - OUTLINE, y - OUTLINE, edge - EDGE + 2 * OUTLINE, height + 2 * OUTLINE);
	context.clip();
	context.fillStyle = fill;
	context.beginPath();
	context.roundRect(x, y, width, height, 3);
	context.fill();
	if (node.error || selected) {
		context.strokeStyle = colour(selected ? "--accent" : "--bad");
		context.lineWidth = selected ? 2 : 1.5;
		context.beginPath();
		context.roundRect(x - 1.5, y - 1.5, width + 3, height + 3, 4);
		context.stroke();
	}
	const left = Math.max(EDGE, x);
	const room = Math.min(edge, x + width) - left - 5;
	if (room > 40 && node.kind === "span" && node.record) {
		context.beginPath();
		context.rect(left, y, room, height);
		context.clip();
		context.fillStyle = colour("--bar-ink");
		context.font = "11px Inter, system-ui, sans-serif";
		context.textBaseline = "middle";
		context.fillText(node.record.name, left + 5, y + height / 2 + 0.5);
	}
	context.restore();
}

/** Links between spans of different traces, dashed like the queue they went through. */
function paintLinks({ context, colour }: Paper, scene: Scene, spots: Spot[]): void {
	const bySpan = new Map<string, Spot>();
	for (const spot of spots) if (spot.node.kind === "span") bySpan.set(`${spot.node.traceId}/${spot.node.spanId}`, spot);
	context.strokeStyle = colour("--mute");
	context.fillStyle = colour("--mute");
	context.lineWidth = 1;
	for (const link of scene.flow.links) {
		const from = bySpan.get(`${link.to_trace_id}/${link.to_span_id}`);
		const to = bySpan.get(`${link.trace_id}/${link.span_id}`);
		if (!from || !to) continue;
		const [x0, y0] = [from.x + from.width, from.y + from.height / 2];
		const [x1, y1] = [to.x - 3, to.y + to.height / 2];
		const bend = Math.max(12, Math.min(60, Math.abs(x1 - x0) / 2));
		context.setLineDash([4, 3]);
		context.beginPath();
		context.moveTo(x0, y0);
		context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
		context.stroke();
		context.setLineDash([]);
		context.beginPath();
		context.moveTo(x1 + 2, y1);
		context.lineTo(x1 - 4, y1 - 3);
		context.lineTo(x1 - 4, y1 + 3);
		context.fill();
	}
}

function spotAt(spots: Spot[], x: number, y: number): Spot | null {
	let best: Spot | null = null;
	let bestDistance = REACH;
	for (const spot of spots) {
		const dx = Math.max(spot.x - x, 0, x - spot.x - spot.width);
		const dy = Math.max(spot.y - y, 0, y - spot.y - spot.height);
		const distance = Math.max(dx, dy);
		if (distance < bestDistance || (distance === 0 && best && spot.width < best.width)) {
			best = spot;
			bestDistance = Math.max(distance, 0.001);
		}
	}
	return best;
}
