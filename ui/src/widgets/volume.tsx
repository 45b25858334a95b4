//! Counts over time as stacked bars, with a brush that chooses a range.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useBrush } from "./brush";

/** One bar: what it is made of from the bottom up, and what to say about it. */
export interface VolumeBar {
	parts: { name: string; count: number }[];
	title: string;
}

/** Draws the bars; `onRange` gets the chosen part of the width. */
export function Volume(props: {
	bars: VolumeBar[];
	/** The CSS colour of a part. */
	colourOf: (name: string) => string;
	ticks: { x: number; text: string }[];
	onRange: (from: number, to: number) => void;
	label: string;
}): JSX.Element {
	const box = useRef<HTMLDivElement>(null);
	const [hover, setHover] = useState(-1);
	const count = props.bars.length;
	const part = useBrush(
		box,
		({ from, to }) => props.onRange(from, to),
		(at) => {
			const index = Math.min(count - 1, Math.floor(at * count));
			props.onRange(index / count, (index + 1) / count);
		},
	);
	const most = Math.max(1, ...props.bars.map((bar) => sum(bar)));
	const onMove = (event: PointerEvent): void => {
		const rect = box.current?.getBoundingClientRect();
		if (rect) setHover(Math.floor(((event.clientX - rect.left) / Math.max(1, rect.width)) * count));
	};
	const hovered = props.bars[hover];
	return (
		<div class="volume">
			<div class="volume-plot" ref={box} onPointerMove={onMove} onPointerLeave={() => setHover(-1)}>
				<svg viewBox={`0 0 ${Math.max(1, count)} 100`} preserveAspectRatio="none" role="img" aria-label={props.label}>
					{props.bars.map((bar, index) => (
						<Bar
							key={index}
							bar={bar}
							x={index}
							most={most}
							colourOf={props.colourOf}
							dim={hover >= 0 && hover !== index}
						/>
					))}
				</svg>
				{part && <i class="window" style={{ left: `${part.from * 100}%`, width: `${(part.to - part.from) * 100}%` }} />}
				{hovered && (
					<div class={`tip ${hover > count * 0.7 ? "left" : ""}`} style={{ left: `${((hover + 0.5) / count) * 100}%` }}>
						{hovered.title}
					</div>
				)}
			</div>
			<div class="volume-axis">
				{props.ticks.map(({ x, text }) => (
					<span key={x} style={{ left: `${x * 100}%` }}>
						{text}
					</span>
				))}
			</div>
		</div>
	);
}

function Bar(props: {
	bar: VolumeBar;
	x: number;
	most: number;
	colourOf: (name: string) => string;
	dim: boolean;
}): JSX.Element {
	let y = 100;
	return (
		<g opacity={props.dim ? 0.45 : 1}>
			{props.bar.parts.map(({ name, count }) => {
				const height = Math.max(count > 0 ? 1.5 : 0, (count / props.most) * 96);
				y -= height;
				return <rect key={name} x={props.x + 0.08} y={y} width={0.84} height={height} fill={props.colourOf(name)} />;
			})}
		</g>
	);
}

function sum(bar: VolumeBar): number {
	return bar.parts.reduce((total, part) => total + part.count, 0);
}
