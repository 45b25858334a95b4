//! A flow that has arrived: everything derived from it and from the address, and the parts that draw it.

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { ApiError } from "../../api/client";
import { go } from "../../base/location";
import { formatCount, plural } from "../../base/text";
import { nanos } from "../../base/time";
import type { FlowAnswer } from "../../model/answers";
import { type Activity, buildClock, zoomClock } from "../../model/clock";
import { criticalPath } from "../../model/critical-path";
import { parseFilter } from "../../model/filter";
import { assignColours } from "../../model/palette";
import { type FlowParams, formatRoute } from "../../model/route";
import { buildFlowTree, type FlowNode, type FlowTree } from "../../model/span-tree";
import { type Choice, foldedAbove, visibleRows } from "../../model/visible-rows";
import { Go } from "../../widgets/controls";
import { Banner } from "../../widgets/states";
import { EventsView } from "./events";
import { useFlowKeys } from "./flow-keys";
import { LanesView } from "./lanes";
import { Minimap } from "./minimap";
import type { FlowRoute } from "./page";
import { FlowPanel } from "./panel";
import type { Scene } from "./scene";
import { TimelineView } from "./timeline";
import { Tools } from "./tools";
import { Verdict } from "./verdict";

/** Draws the flow. */
export function FlowView(props: { flow: FlowAnswer; route: FlowRoute; stale: ApiError | null }): JSX.Element {
	const { flow, route, stale } = props;
	const scene = useScene(flow, route);
	useFlowKeys(scene);
	const { route: params } = scene;
	return (
		<main class="flow">
			<Verdict scene={scene} />
			{stale && (
				<Banner tone="warn">This is the flow as it was: it could not be fetched anew ({stale.message}).</Banner>
			)}
			<Cuts scene={scene} />
			<Minimap scene={scene} />
			<Tools scene={scene} />
			<div class={`flow-body ${scene.selected || params.selected === "" ? "" : "no-panel"}`}>
				{params.view === "timeline" && <TimelineView scene={scene} />}
				{params.view === "lanes" && <LanesView scene={scene} />}
				{params.view === "events" && <EventsView scene={scene} />}
				<FlowPanel scene={scene} />
			</div>
		</main>
	);
}

/** What the answer leaves out, in words. */
function Cuts({ scene }: { scene: Scene }): JSX.Element | null {
	const { truncated } = scene.flow;
	if (!truncated) return null;
	const left = [
		truncated.spans > 0 && plural(truncated.spans, "span"),
		truncated.logs > 0 && plural(truncated.logs, "log"),
		truncated.traces > 0 && plural(truncated.traces, "trace"),
	].filter((part) => part !== false);
	return (
		<Banner tone="warn">
			<b>Not all of it is here.</b> Left out: {left.join(", ") || "some records"} ({truncated.reason}). Shown:{" "}
			{formatCount(scene.flow.spans.length)} spans, {formatCount(scene.flow.logs.length)} logs.{" "}
			<Go
				to={formatRoute({
					...scene.route,
					start: scene.flow.start,
					end: `${(nanos(scene.flow.start) + nanos(scene.flow.end)) / 2n}`,
				})}
			>
				Only the first half of the time
			</Go>
		</Banner>
	);
}

function useScene(flow: FlowAnswer, route: FlowRoute): Scene {
	const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
	const tree = useMemo(() => buildFlowTree(flow), [flow]);
	const colours = useMemo(() => assignColours(flow.services.map((service) => service.name)), [flow]);
	const clock = useMemo(() => buildClock(activities(tree), tree.length, route.compress), [tree, route.compress]);
	const zoomFrom = route.zoom ? Number(nanos(route.zoom.from) - tree.origin) : 0;
	const zoomTo = route.zoom ? Number(nanos(route.zoom.to) - tree.origin) : clock.length;
	const sight = useMemo(() => zoomClock(clock, zoomFrom, zoomTo), [clock, zoomFrom, zoomTo]);
	const filter = useMemo(() => parseFilter(route.filter), [route.filter]);
	const { errors, logs, subtree } = route;
	const choice = useMemo<Choice>(
		() => ({ filter, errorsOnly: errors, logs, collapsed, subtree: subtree || undefined }),
		[filter, errors, logs, collapsed, subtree],
	);
	const visible = useMemo(() => visibleRows(tree, clock, choice), [tree, clock, choice]);
	const critical = useMemo(
		() => (route.critical ? criticalPath(flow, tree) : new Set<string>()),
		[flow, tree, route.critical],
	);

	const selected = selectedNode(flow, tree, route);
	useEffect(() => {
		if (!selected) return;
		const folded = foldedAbove(selected, collapsed);
		if (folded.length > 0) setCollapsed(new Set([...collapsed].filter((id) => !folded.includes(id))));
		// Only a new selection unfolds what hides it; folding above a selection stays possible.
	}, [selected?.id]);

	const patch = useCallback(
		(change: Partial<FlowParams>, how: "push" | "replace" = "replace") => go(formatRoute({ ...route, ...change }), how),
		[route],
	);
	const select = useCallback((node: FlowNode | null) => patch({ selected: node?.id ?? "none" }), [patch]);
	const zoomTo_ = useCallback(
		(from: number, to: number) => {
			const whole = from <= 0 && to >= clock.length;
			const abs = (offset: number): string => `${tree.origin + BigInt(Math.round(offset))}`;
			patch(
				{ zoom: whole || to - from < 1 ? null : { from: abs(Math.max(0, from)), to: abs(Math.min(clock.length, to)) } },
				"push",
			);
		},
		[patch, clock, tree],
	);
	return {
		flow,
		route,
		tree,
		colours,
		clock,
		sight,
		zoom: { from: zoomFrom, to: zoomTo },
		visible,
		critical,
		collapsed,
		choice,
		selected,
		patch,
		select,
		zoomTo: zoomTo_,
		setCollapsed,
	};
}

/** What the address selects; without a word from it, the cause of a failed flow. */
function selectedNode(flow: FlowAnswer, tree: FlowTree, route: FlowRoute): FlowNode | null {
	if (route.selected === "none") return null;
	if (route.selected !== "") return tree.nodes.get(route.selected) ?? null;
	const { cause } = flow;
	// Where the panel would cover the picture, the picture comes first.
	if (!cause || matchMedia("(max-width: 1000px)").matches) return null;
	for (const node of tree.nodes.values()) if (node.record?.record === cause.record) return node;
	return tree.nodes.get(cause.span_id) ?? null;
}

function activities(tree: FlowTree): Activity[] {
	const all: Activity[] = [];
	for (const node of tree.nodes.values()) {
		if (node.record) all.push({ start: node.start, end: node.kind === "span" ? node.end : node.start });
	}
	return all;
}
