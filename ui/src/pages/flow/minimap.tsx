//! The whole flow at a glance: every span as a line, the part in sight as a window, a drag to choose another.

import type { JSX } from "preact";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { offsetAt, positionOf } from "../../model/clock";
import { severityOf } from "../../model/severity";
import { byTime, type FlowNode } from "../../model/span-tree";
import { useBrush } from "../../widgets/brush";
import { Canvas, type Paper } from "../../widgets/canvas";
import type { Scene } from "./scene";

const HEIGHT = 46;
const PAD = 5;

/** Draws the minimap. */
export function Minimap({ scene }: { scene: Scene }): JSX.Element {
	const { tree, clock, colours, zoom } = scene;
	const box = useRef<HTMLDivElement>(null);
	const part = useBrush(
		box,
		({ from, to }) => scene.zoomTo(offsetAt(clock, from), offsetAt(clock, to)),
		(at) => {
			const width = x1 - x0;
			if (width > 0.999) return;
			const from = Math.min(1 - width, Math.max(0, at - width / 2));
			scene.zoomTo(offsetAt(clock, from), offsetAt(clock, from + width));
		},
	);
	const nodes = useMemo(() => [...tree.nodes.values()].filter((node) => node.record).sort(byTime), [tree]);
	const paint = useCallback((paper: Paper) => paintNodes(paper, nodes, scene), [nodes, clock, colours]);
	const x0 = Math.max(0, positionOf(clock, zoom.from));
	const x1 = Math.min(1, positionOf(clock, zoom.to));
	const shown = part ?? { from: x0, to: x1 };
	return (
		<div
			class="mini"
			ref={box}
			title="Drag to zoom, double-click for the whole flow"
			onDblClick={() => scene.zoomTo(0, clock.length)}
		>
			<Canvas paint={paint} height={HEIGHT} label={`Overview of ${nodes.length} records`} />
			<i class="window" style={{ left: `${shown.from * 100}%`, width: `${(shown.to - shown.from) * 100}%` }} />
		</div>
	);
}

function paintNodes(paper: Paper, nodes: FlowNode[], scene: Scene): void {
	const { context, width, height, colour } = paper;
	context.clearRect(0, 0, width, height);
	const spans = nodes.filter((node) => node.kind === "span");
	const step = Math.min(3, (height - 2 * PAD - 6) / Math.max(1, spans.length));
	const thick = Math.max(1, Math.min(2, step * 0.72));
	for (const stretch of scene.clock.stretches) {
		if (!stretch.gap) continue;
		context.fillStyle = colour("--line");
		context.fillRect(stretch.x0 * width, 0, Math.max(1, (stretch.x1 - stretch.x0) * width), height);
	}
	// Errors are painted last, so that among thousands of lines they stay on top.
	for (const errors of [false, true]) {
		spans.forEach((node, index) => {
			if (node.error !== errors) return;
			const x = positionOf(scene.clock, node.start) * width;
			const right = positionOf(scene.clock, node.end) * width;
			context.fillStyle = node.error
				? colour("--bad")
				: colour(`--s${scene.colours.get(node.record?.service ?? "") ?? 1}`);
			context.fillRect(x, PAD + index * step, Math.max(1.5, right - x), thick);
		});
	}
	for (const node of nodes) {
		if (node.kind !== "log") continue;
		const severity = severityOf(node.record.severity);
		context.fillStyle = node.error ? colour("--bad") : severity === "warn" ? colour("--warn") : colour("--faint");
		context.fillRect(positionOf(scene.clock, node.start) * width - 0.5, height - 5, 1.5, node.error ? 5 : 3.5);
	}
}
