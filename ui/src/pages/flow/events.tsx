//! Everything in the order it happened, over all services.

import type { CSSProperties, JSX } from "preact";
import { useCallback, useMemo } from "preact/hooks";
import { oneLine } from "../../base/text";
import { formatDuration, formatRfc3339 } from "../../base/time";
import { buildEvents, type FlowEvent } from "../../model/events";
import { severityLetter } from "../../model/severity";
import { formatInstant } from "../../model/times";
import { VirtualRows } from "../../widgets/virtual-rows";
import { Swatch } from "../record/swatch";
import type { Scene } from "./scene";
import { NothingShown } from "./timeline";
import { TIME_NAMES } from "./tools";

const ROW = 25;
const MARKS = { start: "▸", end: "◂", event: "◆", log: "" };

/** Draws the list. */
export function EventsView({ scene }: { scene: Scene }): JSX.Element {
	const { selected, route, tree } = scene;
	const { passing } = scene.visible;
	const events = useMemo(() => buildEvents(tree, (node) => passing.has(node)), [tree, passing]);
	const at = useMemo(() => (selected ? events.findIndex((event) => event.node === selected) : -1), [events, selected]);
	const heightOf = useCallback(() => ROW, []);
	if (events.length === 0) return <NothingShown scene={scene} />;
	return (
		<VirtualRows
			class="grid events"
			count={events.length}
			heightOf={heightOf}
			reveal={at}
			revealKey={at >= 0 ? selected?.id : undefined}
			aria={{ role: "grid", "aria-label": "Events in time order", "aria-rowcount": events.length, tabIndex: 0 }}
			header={
				<div class="event-head mute" role="presentation">
					<span>{TIME_NAMES[route.times]}</span>
					<span>service</span>
					<span>what happened</span>
				</div>
			}
			draw={(index, style) => {
				const event = events[index];
				return event ? <EventLine key={event.id} scene={scene} event={event} style={style} index={index} /> : null;
			}}
		/>
	);
}

function EventLine({
	scene,
	event,
	style,
	index,
}: {
	scene: Scene;
	event: FlowEvent;
	style: CSSProperties;
	index: number;
}): JSX.Element {
	const { node } = event;
	const selected = scene.selected === node;
	const { record } = node;
	const severity = record?.signal === "logs" ? record.severity : "";
	return (
		<div
			class={`row event ${event.what} ${severity} ${selected ? "sel" : ""} ${event.error ? "error" : ""}`}
			role="row"
			aria-rowindex={index + 1}
			aria-selected={selected}
			style={style}
			onClick={() => scene.select(selected ? null : node)}
		>
			<span class="mono num mute" role="gridcell" title={formatRfc3339(event.time)}>
				{formatInstant(event.time, scene.tree.origin, event.sincePrevious, scene.route.times)}
			</span>
			<span class="event-service" role="gridcell">
				<Swatch colour={scene.colours.get(event.service)} /> <b>{event.service}</b>
			</span>
			<span class={`event-text ${event.what === "log" ? "mono" : ""}`} role="gridcell">
				<span class="lv">{event.what === "log" ? severityLetter(severity) : MARKS[event.what]}</span>
				<span class="msg">{oneLine(event.text)}</span>
				{node.kind === "span" && event.what !== "event" && (
					<span class="mute num"> {event.what === "start" ? formatDuration(node.end - node.start) : "ended"}</span>
				)}
			</span>
		</div>
	);
}
