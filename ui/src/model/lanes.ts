//! A flow as one lane per service: its spans packed into as few levels as their overlaps allow, its logs as ticks.

import { byTime, type FlowNode, type FlowTree, type LogNode, type SpanNode } from "./span-tree";

/** A span on its level of a lane. */
export interface LaneBar {
	node: SpanNode;
	level: number;
}

/** A service's lane. */
export interface Lane {
	service: string;
	bars: LaneBar[];
	logs: LogNode[];
	levels: number;
	errors: number;
	start: number;
}

/** More overlapping spans than this share the last level. */
const LEVELS_MAX = 8;

/** The lanes of a flow, in the order in which the services come into it. */
export function buildLanes(tree: FlowTree, shows: (node: FlowNode) => boolean): Lane[] {
	const lanes = new Map<string, Lane>();
	const nodes = [...tree.nodes.values()].filter((node) => node.record && shows(node)).sort(byTime);
	const ends = new Map<Lane, number[]>();
	for (const node of nodes) {
		const service = node.record?.service ?? "";
		let lane = lanes.get(service);
		if (!lane) {
			lane = { service, bars: [], logs: [], levels: 0, errors: 0, start: node.start };
			lanes.set(service, lane);
			ends.set(lane, []);
		}
		if (node.error) lane.errors += 1;
		if (node.kind === "log") lane.logs.push(node);
		else lane.bars.push({ node, level: takeLevel(ends.get(lane) ?? [], node) });
	}
	for (const lane of lanes.values()) lane.levels = (ends.get(lane) ?? []).length;
	return [...lanes.values()];
}

function takeLevel(ends: number[], node: SpanNode): number {
	const free = ends.findIndex((end) => end <= node.start);
	const level = free >= 0 ? free : Math.min(ends.length, LEVELS_MAX - 1);
	ends[level] = Math.max(ends[level] ?? 0, node.end);
	return level;
}
