//! Choosing a part of a picture by dragging over it.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** A part of the width, from 0 to 1. */
export interface Part {
	from: number;
	to: number;
}

/** A drag shorter than this many pixels is a click. */
const DRAG_MIN = 4;

/** Follows drags over an element. Gives the part being drawn, or null. */
export function useBrush(
	element: RefObject<HTMLElement | null>,
	onPart: (part: Part) => void,
	onClick?: (at: number) => void,
): Part | null {
	const [part, setPart] = useState<Part | null>(null);
	const latest = useRef({ onPart, onClick });
	latest.current = { onPart, onClick };
	useEffect(() => {
		const target = element.current;
		if (!target) return;
		let start: { x: number; at: number } | null = null;
		const at = (event: PointerEvent): number => {
			const box = target.getBoundingClientRect();
			return Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width)));
		};
		const down = (event: PointerEvent): void => {
			if (event.button !== 0) return;
			start = { x: event.clientX, at: at(event) };
			target.setPointerCapture(event.pointerId);
		};
		const move = (event: PointerEvent): void => {
			if (start && Math.abs(event.clientX - start.x) >= DRAG_MIN) setPart(ordered(start.at, at(event)));
		};
		const up = (event: PointerEvent): void => {
			if (!start) return;
			if (Math.abs(event.clientX - start.x) >= DRAG_MIN) latest.current.onPart(ordered(start.at, at(event)));
			else latest.current.onClick?.(start.at);
			start = null;
			setPart(null);
		};
		const cancel = (): void => {
			start = null;
			setPart(null);
		};
		target.addEventListener("pointerdown", down);
		target.addEventListener("pointermove", move);
		target.addEventListener("pointerup", up);
		target.addEventListener("pointercancel", cancel);
		return () => {
			target.removeEventListener("pointerdown", down);
			target.removeEventListener("pointermove", move);
			target.removeEventListener("pointerup", up);
			target.removeEventListener("pointercancel", cancel);
		};
	}, [element]);
	return part;
}

function ordered(a: number, b: number): Part {
	return a < b ? { from: a, to: b } : { from: b, to: a };
}
