//! The waterfall: all traces of the flow on one clock, logs among the spans.

import type { JSX } from "preact";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { formatDuration } from "../../base/time";
import { gapsOf, offsetAt, ticksOf } from "../../model/clock";
import { formatTick } from "../../model/times";
import { ROW_HEIGHT } from "../../model/visible-rows";
import { useBrush } from "../../widgets/brush";
import { Notice } from "../../widgets/states";
import { VirtualRows } from "../../widgets/virtual-rows";
import { drawRow } from "./rows";
import type { Scene } from "./scene";

/** Marks on the axis; a phone has room for few. */
const tickCount = (): number => (innerWidth < 700 ? 2 : 6);

/** Draws the waterfall. */
export function TimelineView({ scene }: { scene: Scene }): JSX.Element {
	const { visible, selected } = scene;
	const { rows } = visible;
	const heightOf = useCallback((index: number) => ROW_HEIGHT[rows[index]?.kind ?? "span"], [rows]);
	const at = useMemo(() => (selected ? rows.findIndex((row) => row.id === selected.id) : -1), [rows, selected]);
	if (rows.length === 0) return <NothingShown scene={scene} />;
	return (
		<VirtualRows
			class="grid"
			count={rows.length}
			heightOf={heightOf}
			reveal={at}
			revealKey={at >= 0 ? selected?.id : undefined}
			aria={{
				role: "treegrid",
				"aria-label": "Spans and logs",
				"aria-rowcount": rows.length,
				tabIndex: 0,
				"aria-activedescendant": at >= 0 ? `row-${selected?.id}` : undefined,
			}}
			header={<Axis scene={scene} title="service · operation" />}
			backdrop={<Gridlines scene={scene} />}
			draw={(index, style) => {
				const row = rows[index];
				return row ? drawRow(scene, row, index, style) : null;
			}}
		/>
	);
}

/** What is shown when the filter leaves nothing. */
export function NothingShown({ scene }: { scene: Scene }): JSX.Element {
	const clear = { filter: "", errors: false, subtree: "", logs: true };
	return (
		<div class="grid">
			<Notice
				title="Nothing passes the filter"
				actions={
					<button type="button" class="pill" onClick={() => scene.patch(clear, "push")}>
						Show all {scene.visible.total}
					</button>
				}
			>
				All {scene.visible.total} records of this flow are filtered away.
			</Notice>
		</div>
	);
}

/** The axis over the lanes; a drag over it zooms. */
export function Axis({ scene, title }: { scene: Scene; title: string }): JSX.Element {
	const { sight, tree, route } = scene;
	const box = useRef<HTMLDivElement>(null);
	const part = useBrush(box, ({ from, to }) => scene.zoomTo(offsetAt(sight, from), offsetAt(sight, to)));
	const ticks = useMemo(() => ticksOf(sight, tickCount()), [sight]);
	return (
		<div class="axis" role="presentation">
			<div class="name mute">{title}</div>
			<div class="ticks" ref={box} title="Drag to zoom">
				{ticks.map((tick) => (
					<span key={tick.offset} class={tick.x < 0.03 ? "first" : ""} style={{ left: `${tick.x * 100}%` }}>
						{formatTick(tick, tree.origin, route.times)}
					</span>
				))}
				{gapsOf(sight).map((gap) => (
					<span
						key={gap.from}
						class="gap-mark"
						style={{ left: `${((gap.x0 + gap.x1) / 2) * 100}%` }}
						title={`${formatDuration(gap.to - gap.from)} with no telemetry, compressed`}
					>
						⋯
					</span>
				))}
				{part && <i class="window" style={{ left: `${part.from * 100}%`, width: `${(part.to - part.from) * 100}%` }} />}
			</div>
		</div>
	);
}

/** Hairlines at the marks, hatching where idle time is compressed. */
export function Gridlines({ scene }: { scene: Scene }): JSX.Element {
	const { sight } = scene;
	const ticks = useMemo(() => ticksOf(sight, tickCount()), [sight]);
	return (
		<div class="gridlines" aria-hidden="true">
			{ticks.map((tick) => (
				<i key={tick.offset} style={{ left: `${tick.x * 100}%` }} />
			))}
			{gapsOf(sight).map((gap) => (
				<u key={gap.from} style={{ left: `${gap.x0 * 100}%`, width: `${(gap.x1 - gap.x0) * 100}%` }} />
			))}
		</div>
	);
}
