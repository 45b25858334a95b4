//! A flow as one list in the order things happened: spans beginning and ending, their events, and logs.

import { type Nanos, nanos } from "../base/time";
import { bodyText } from "./record";
import { byRank, type FlowNode, type FlowTree } from "./span-tree";

/** Something that happened. */
export interface FlowEvent {
	id: string;
	what: "start" | "end" | "event" | "log";
	/** The node it belongs to. */
	node: FlowNode;
	time: Nanos;
	text: string;
	service: string;
	error: boolean;
	/** Nanoseconds since the event before it in the whole list. */
	sincePrevious: Nanos;
}

/** Lists what happened, in time order. A span that ends right where nothing else came between has no line for its end. */
export function buildEvents(tree: FlowTree, shows: (node: FlowNode) => boolean): FlowEvent[] {
	const events: FlowEvent[] = [];
	for (const node of tree.nodes.values()) {
		if (!node.record || !shows(node)) continue;
		const { record } = node;
		const base = { node, service: record.service, sincePrevious: 0n };
		const time = nanos(record.time);
		if (record.signal === "logs") {
			events.push({
				...base,
				id: node.id,
				what: "log",
				time,
				text: bodyText(record.body) || record.event_name,
				error: node.error,
			});
			continue;
		}
		events.push({ ...base, id: `${node.id}:start`, what: "start", time, text: record.name, error: node.error });
		record.events.forEach((event, index) => {
			const detail = event.attributes["exception.message"] ?? event.attributes["exception.type"];
			const text = typeof detail === "string" ? `${event.name}: ${detail}` : event.name;
			const error = event.name === "exception";
			events.push({ ...base, id: `${node.id}:event-${index}`, what: "event", time: nanos(event.time), text, error });
		});
		if (node.kind === "span" && !node.open && (node.items.length > 0 || record.events.length > 0)) {
			events.push({
				...base,
				id: `${node.id}:end`,
				what: "end",
				time: nanos(record.end),
				text: record.name,
				error: node.error,
			});
		}
	}
	events.sort(inOrder);
	let previous = events[0]?.time ?? 0n;
	for (const event of events) {
		event.sincePrevious = event.time - previous;
		previous = event.time;
	}
	return events;
}

/** By time; at the same time what is outside begins first and ends last. */
function inOrder(a: FlowEvent, b: FlowEvent): number {
	if (a.time !== b.time) return a.time < b.time ? -1 : 1;
	const ended = Number(a.what === "end") - Number(b.what === "end");
	if (ended !== 0) return ended;
	return a.what === "end" ? b.node.depth - a.node.depth : byRank(a.node, b.node);
}
