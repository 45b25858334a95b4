//! How many records over time, worst at the bottom; a drag chooses a range.

import type { JSX } from "preact";
import { histogram } from "../../api/calls";
import { type CallState, useCall } from "../../api/use-call";
import { formatCount } from "../../base/text";
import { formatClock, formatDate, formatDuration, type Nanos, nanos } from "../../base/time";
import type { HistogramAnswer } from "../../model/answers";
import { SEVERITIES } from "../../model/severity";
import { Volume, type VolumeBar } from "../../widgets/volume";
import { colourOf } from "../record/swatch";
import type { PatchSearch, SearchRoute } from "./page";

const BUCKETS = 80;
/** Marks under the bars; a phone has room for few. */
const tickCount = (): number => (innerWidth < 700 ? 3 : 6);

/** Counts what the route selects. */
export function useHistogram(route: SearchRoute): CallState<HistogramAnswer> {
	const { q, start, end, signal } = route;
	const what = { q, start, end, signal };
	return useCall(JSON.stringify(what), (abort) => histogram(what, BUCKETS, abort));
}

/** Draws the histogram of a search. */
export function Histogram(props: {
	counts: CallState<HistogramAnswer>;
	route: SearchRoute;
	patch: PatchSearch;
	/** Palette numbers by service. */
	colours: Map<string, number>;
}): JSX.Element | null {
	const { patch, colours } = props;
	const { q, signal } = props.route;
	const { answer, error } = props.counts;
	if (error)
		return error.position === null ? (
			<p class="histogram mute">The volume could not be counted: {error.message}.</p>
		) : null;
	if (!answer) return <div class="volume loading" />;
	if (answer.buckets.length === 0 || answer.total === 0) return null;
	const first = nanos(answer.buckets[0]?.start ?? answer.start);
	const interval = nanos(answer.interval_ns);
	const whole = interval * BigInt(answer.buckets.length);
	const at = (x: number): Nanos => first + BigInt(Math.round(x * Number(whole)));
	const names = partNames(answer, signal);
	const colour = (name: string): string => (signal === "logs" ? `var(--sev-${name})` : colourOf(colours.get(name)));
	const bars = answer.buckets.map((bucket) => barOf(bucket, names, interval));
	const zoomTo = (from: number, to: number): void => patch({ start: `${at(from)}`, end: `${at(to)}`, selected: "" });
	return (
		<section class="histogram" aria-label="Volume">
			<Volume
				bars={bars}
				colourOf={colour}
				ticks={ticksOf(first, whole)}
				onRange={zoomTo}
				label={`${formatCount(answer.total)} ${signal} over time`}
			/>
			<div class="legend">
				{names.map((name) => (
					<button
						key={name}
						type="button"
						class="bare mute"
						title="Only these"
						onClick={() => patch({ q: `${q} ${signal === "logs" ? "severity" : "service"}:${name}`.trim() })}
					>
						<span class="sw" style={{ background: colour(name) }} /> {name || "(none)"}{" "}
						<span class="num">{formatCount(totalOf(answer, name))}</span>
					</button>
				))}
				<span class="mute">{formatDuration(interval)} each</span>
			</div>
		</section>
	);
}

function partNames(answer: HistogramAnswer, signal: string): string[] {
	const seen = new Set(answer.buckets.flatMap((bucket) => Object.keys(bucket.by)));
	if (signal === "logs") return SEVERITIES.filter((severity) => seen.has(severity));
	return [...seen].sort((a, b) => totalOf(answer, b) - totalOf(answer, a)).slice(0, 12);
}

function totalOf(answer: HistogramAnswer, name: string): number {
	return answer.buckets.reduce((total, bucket) => total + (bucket.by[name] ?? 0), 0);
}

function barOf(bucket: HistogramAnswer["buckets"][number], names: string[], interval: Nanos): VolumeBar {
	const start = nanos(bucket.start);
	const parts = names.map((name) => ({ name, count: bucket.by[name] ?? 0 })).filter((part) => part.count > 0);
	const named = parts.reduce((total, part) => total + part.count, 0);
	if (bucket.count > named) parts.push({ name: "unspecified", count: bucket.count - named });
	const said = parts.map((part) => `${part.name} ${formatCount(part.count)}`).join(", ");
	return {
		parts,
		title: `${formatDate(start)} ${formatClock(start)} + ${formatDuration(interval)}: ${said || "none"}`,
	};
}

function ticksOf(first: Nanos, whole: Nanos): { x: number; text: string }[] {
	const day = 86_400_000_000_000n;
	const count = tickCount();
	return Array.from({ length: count }, (_, index) => {
		const x = index / count;
		const time = first + BigInt(Math.round(x * Number(whole)));
		const clock = formatClock(time);
		const text =
			whole > 2n * day
				? `${formatDate(time)} ${clock.slice(0, 5)}`
				: whole < 10_000_000_000n
					? clock
					: clock.slice(0, 8);
		return { x, text: index === 0 && whole <= 2n * day ? `${formatDate(time)} ${text}` : text };
	});
}
