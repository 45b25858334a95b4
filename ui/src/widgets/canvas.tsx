//! A canvas that fits its box on any screen and is drawn again when its size, its input or the colour scheme changes.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** What a painter gets: pixels of the page, not of the screen, and the stylesheet's colours. */
export interface Paper {
	context: CanvasRenderingContext2D;
	width: number;
	height: number;
	/** The value of a custom property, such as `--bad`. */
	colour: (name: string) => string;
}

/** Draws with `paint` whenever it changes. */
export function Canvas(props: {
	paint: (paper: Paper) => void;
	class?: string;
	label: string;
	height?: number;
}): JSX.Element {
	const { paint } = props;
	const canvas = useRef<HTMLCanvasElement>(null);
	const [turn, setTurn] = useState(0);
	useLayoutEffect(() => {
		const element = canvas.current;
		if (!element) return;
		const again = (): void => setTurn((before) => before + 1);
		const observer = new ResizeObserver(again);
		observer.observe(element);
		const scheme = matchMedia("(prefers-color-scheme: dark)");
		scheme.addEventListener("change", again);
		return () => {
			observer.disconnect();
			scheme.removeEventListener("change", again);
		};
	}, []);
	useLayoutEffect(() => {
		const element = canvas.current;
		const context = element?.getContext("2d");
		if (!element || !context) return;
		const { clientWidth: width, clientHeight: height } = element;
		const scale = Math.min(3, devicePixelRatio || 1);
		element.width = Math.round(width * scale);
		element.height = Math.round(height * scale);
		context.setTransform(scale, 0, 0, scale, 0, 0);
		const style = getComputedStyle(element);
		const known = new Map<string, string>();
		const colour = (name: string): string => {
			let value = known.get(name);
			if (value === undefined) {
				value = style.getPropertyValue(name).trim();
				known.set(name, value);
			}
			return value;
		};
		paint({ context, width, height, colour });
	}, [paint, turn]);
	const style = props.height === undefined ? undefined : { height: `${props.height}px` };
	return <canvas ref={canvas} class={props.class} style={style} role="img" aria-label={props.label} />;
}
