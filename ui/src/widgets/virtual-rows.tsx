//! A list of rows of known heights of which only those in sight exist. Good for any number of rows.

import type { ComponentChildren, CSSProperties, HTMLAttributes, JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

/** What the list shows and how. */
export interface VirtualRowsProps {
	count: number;
	/** A row's height in pixels; must not depend on anything but the row. */
	heightOf: (index: number) => number;
	/** Draws a row. `style` places it and must be set on its element. */
	draw: (index: number, style: CSSProperties) => ComponentChildren;
	/** A row to bring into sight whenever `revealKey` changes. */
	reveal?: number | undefined;
	revealKey?: string | undefined;
	/** Called when the last rows come into sight. */
	onEnd?: (() => void) | undefined;
	/** Stays on top of the rows, within their width. */
	header?: ComponentChildren;
	/** Lies behind all rows. */
	backdrop?: ComponentChildren;
	class?: string;
	/** ARIA attributes of the list. */
	aria?: HTMLAttributes<HTMLDivElement>;
}

/** Rows beyond the edge that exist too, so that a fast scroll finds them. */
const OVERSCAN = 12;
/** The list is drawn anew when it was scrolled by this many pixels. */
const STEP = 96;

/** Draws the list. */
export function VirtualRows(props: VirtualRowsProps): JSX.Element {
	const { count, heightOf, draw, reveal, revealKey, onEnd } = props;
	const box = useRef<HTMLDivElement>(null);
	const head = useRef<HTMLDivElement>(null);
	const { top, height, onScroll } = useScroll(box);
	const tops = useMemo(() => cumulate(count, heightOf), [count, heightOf]);
	const total = tops[count] ?? 0;

	const first = Math.max(0, findRow(tops, count, top) - OVERSCAN);
	const last = Math.min(count, findRow(tops, count, top + height + STEP) + 1 + OVERSCAN);
	const reachesEnd = last >= count && count > 0;
	useEffect(() => {
		if (reachesEnd) onEnd?.();
	}, [reachesEnd, onEnd, count]);

	const seen = useRef("");
	useLayoutEffect(() => {
		const element = box.current;
		if (!element || reveal === undefined || reveal < 0 || revealKey === undefined) return;
		const isFirst = seen.current === "";
		if (seen.current === revealKey) return;
		seen.current = revealKey;
		const headHeight = head.current?.offsetHeight ?? 0;
		scrollTo(element, headHeight, tops[reveal] ?? 0, tops[reveal + 1] ?? 0, isFirst);
	}, [reveal, revealKey, tops]);

	const rows: ComponentChildren[] = [];
	for (let index = first; index < last; index++) {
		const at = tops[index] ?? 0;
		rows.push(draw(index, { top: `${at}px`, height: `${(tops[index + 1] ?? at) - at}px` }));
	}
	return (
		<div class={`virtual ${props.class ?? ""}`} ref={box} onScroll={onScroll} {...props.aria}>
			{props.header && (
				<div class="virtual-head" ref={head}>
					{props.header}
				</div>
			)}
			<div class="virtual-body" role="presentation" style={{ height: `${total}px` }}>
				{props.backdrop}
				{rows}
			</div>
		</div>
	);
}

function useScroll(box: RefObject<HTMLDivElement | null>): { top: number; height: number; onScroll: () => void } {
	const [top, setTop] = useState(0);
	const [height, setHeight] = useState(900);
	useLayoutEffect(() => {
		const element = box.current;
		if (!element) return;
		const observer = new ResizeObserver(() => setHeight(element.clientHeight));
		observer.observe(element);
		setHeight(element.clientHeight);
		return () => observer.disconnect();
	}, [box]);
	const onScroll = (): void => {
		const at = box.current?.scrollTop ?? 0;
		if (Math.abs(at - top) >= STEP || at === 0) setTop(at);
	};
	return { top, height, onScroll };
}

/** Moves as little as needed; the first time, puts the row at a third of the height. */
function scrollTo(element: HTMLDivElement, headHeight: number, from: number, to: number, isFirst: boolean): void {
	const sight = element.clientHeight - headHeight;
	const above = from < element.scrollTop;
	const below = to > element.scrollTop + sight;
	if (isFirst && below) element.scrollTop = from - sight / 3;
	else if (above) element.scrollTop = from - 8;
	else if (below) element.scrollTop = to - sight + 8;
}

function cumulate(count: number, heightOf: (index: number) => number): Float64Array {
	const tops = new Float64Array(count + 1);
	for (let index = 0; index < count; index++) tops[index + 1] = (tops[index] ?? 0) + heightOf(index);
	return tops;
}

/** The last row that begins at or before `y`. */
function findRow(tops: Float64Array, count: number, y: number): number {
	let low = 0;
	let high = Math.max(0, count - 1);
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((tops[middle] ?? 0) <= y) low = middle;
		else high = middle - 1;
	}
	return low;
}
