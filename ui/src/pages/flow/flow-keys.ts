//! The keys of the flow page.

import { copyText } from "../../base/copy";
import { permalink } from "../../base/location";
import { offsetAt } from "../../model/clock";
import { TIMES } from "../../model/route";
import { type FlowNode, spanKey } from "../../model/span-tree";
import { useKeys } from "../../widgets/keys";
import { say } from "../../widgets/toast";
import { toggleFold } from "./rows";
import type { Scene } from "./scene";
import { TIME_NAMES } from "./tools";

const ZOOM_STEP = 1.6;
const PAN_STEP = 0.25;

/** Listens to the keys while the flow is shown. */
export function useFlowKeys(scene: Scene): void {
	const { patch, route, selected } = scene;
	const next = (): void => step(scene, 1);
	const previous = (): void => step(scene, -1);
	const isMatch = (): ((node: FlowNode) => boolean) => {
		const matches = new Set(scene.visible.matches);
		return (node) => matches.has(node.id);
	};
	useKeys({
		j: next,
		ArrowDown: next,
		k: previous,
		ArrowUp: previous,
		n: () => step(scene, 1, isMatch()),
		N: () => step(scene, -1, isMatch()),
		e: () => step(scene, 1, (node) => node.error),
		E: () => step(scene, -1, (node) => node.error),
		Enter: () => selected?.kind === "span" && selected.items.length > 0 && toggleFold(scene, selected.id),
		ArrowLeft: () => fold(scene, true),
		ArrowRight: () => fold(scene, false),
		"[": () => scene.setCollapsed(new Set(scene.tree.traces.flatMap((trace) => trace.items.map((item) => item.id)))),
		"]": () => scene.setCollapsed(new Set()),
		g: () => selected?.parent && scene.select(selected.parent),
		x: () => followLink(scene),
		y: () => void copyText(permalink()).then((done) => say(done ? "Link copied" : "The browser refused to copy")),
		f: () => fitSelection(scene),
		"+": () => zoom(scene, 1 / ZOOM_STEP),
		"=": () => zoom(scene, 1 / ZOOM_STEP),
		"-": () => zoom(scene, ZOOM_STEP),
		a: () => pan(scene, -PAN_STEP),
		d: () => pan(scene, PAN_STEP),
		"0": () => patch({ zoom: null }, "push"),
		l: () => patch({ logs: !route.logs }),
		c: () => patch({ critical: !route.critical }),
		i: () => patch({ compress: !route.compress }),
		t: () => {
			const times = TIMES[(TIMES.indexOf(route.times) + 1) % TIMES.length] ?? "start";
			patch({ times });
			say(`Times: ${TIME_NAMES[times]}`);
		},
		"1": () => patch({ view: "timeline" }, "push"),
		"2": () => patch({ view: "lanes" }, "push"),
		"3": () => patch({ view: "events" }, "push"),
		Escape: () => stepOut(scene),
	});
}

/** The nodes in the order in which the view shows them. */
function orderOf(scene: Scene): FlowNode[] {
	if (scene.route.view === "timeline") {
		return scene.visible.rows.flatMap((row) =>
			row.kind === "span" || row.kind === "log" ? [row.node as FlowNode] : [],
		);
	}
	return [...scene.visible.passing].sort((a, b) => a.start - b.start);
}

function step(scene: Scene, by: 1 | -1, wanted: (node: FlowNode) => boolean = () => true): void {
	const order = orderOf(scene);
	const from = scene.selected ? order.indexOf(scene.selected) : -1;
	for (let at = from < 0 && by < 0 ? order.length - 1 : from + by; at >= 0 && at < order.length; at += by) {
		const node = order[at];
		if (!node || !wanted(node)) continue;
		scene.select(node);
		return;
	}
}

function fold(scene: Scene, close: boolean): void {
	const { selected, collapsed } = scene;
	if (!selected) return;
	if (selected.kind === "span" && selected.items.length > 0 && collapsed.has(selected.id) !== close)
		toggleFold(scene, selected.id);
	else if (close && selected.parent) scene.select(selected.parent);
}

function followLink(scene: Scene): void {
	const { selected, tree } = scene;
	if (selected?.kind !== "span") return;
	const key = spanKey(selected.traceId, selected.spanId);
	const link = tree.linksTo.get(key)?.[0]?.span_id ?? tree.linksFrom.get(key)?.[0]?.to_span_id;
	const node = link === undefined ? undefined : tree.nodes.get(link);
	if (node) scene.select(node);
}

function fitSelection(scene: Scene): void {
	const { selected } = scene;
	if (!selected) return;
	const end = selected.kind === "span" ? selected.end : selected.start;
	const margin = Math.max((end - selected.start) * 0.08, scene.tree.length * 1e-4, 1000);
	scene.zoomTo(selected.start - margin, end + margin);
}

/** Zooms around the selection when it is in sight, else around the middle. */
function zoom(scene: Scene, factor: number): void {
	const { zoom: now, selected, clock } = scene;
	const width = now.to - now.from;
	const inSight = selected && selected.start >= now.from && selected.start <= now.to;
	const centre = inSight ? selected.start : offsetAt(scene.sight, 0.5);
	const part = (centre - now.from) / width;
	const size = Math.min(clock.length, width * factor);
	const from = Math.max(0, Math.min(centre - size * part, clock.length - size));
	scene.zoomTo(from, from + size);
}

function pan(scene: Scene, part: number): void {
	const { zoom: now, clock } = scene;
	const width = now.to - now.from;
	const from = Math.max(0, Math.min(now.from + width * part, clock.length - width));
	if (width < clock.length) scene.zoomTo(from, from + width);
}

/** One step out: selection, subtree, filter, zoom. */
function stepOut(scene: Scene): void {
	const { route, patch } = scene;
	if (scene.selected) scene.select(null);
	else if (route.subtree) patch({ subtree: "" }, "push");
	else if (route.filter || route.errors) patch({ filter: "", errors: false }, "push");
	else if (route.zoom) patch({ zoom: null }, "push");
	else if (route.selected === "none") patch({ selected: "" });
}
