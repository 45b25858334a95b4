//! The panel beside the picture: the selected record with its place in the flow, or the flow's own summary.

import type { JSX } from "preact";
import { permalink } from "../../base/location";
import { oneLine, plural } from "../../base/text";
import { formatDuration, formatOffset, nanos } from "../../base/time";
import type { FlowLink } from "../../model/answers";
import { fieldTerm } from "../../model/filter";
import { bodyText } from "../../model/record";
import { flowRoute, formatRoute, TRACE_KEY } from "../../model/route";
import { type LogNode, type SpanNode, spanKey } from "../../model/span-tree";
import { Copy, Go } from "../../widgets/controls";
import { RecordPanel, Section } from "../record/panel";
import { Swatch } from "../record/swatch";
import type { Scene } from "./scene";

const LOGS_SHOWN = 50;

/** Draws the panel. */
export function FlowPanel({ scene }: { scene: Scene }): JSX.Element | null {
	const { selected, route } = scene;
	if (!selected) {
		if (route.selected === "none") return null;
		return (
			<aside class="panel summary" aria-label="About this flow">
				<FlowSummary scene={scene} />
			</aside>
		);
	}
	const { record } = selected;
	if (!record) {
		return (
			<aside class="panel" aria-label="Missing span">
				<MissingSpan scene={scene} node={selected as SpanNode} />
			</aside>
		);
	}
	const start = nanos(record.time);
	const instant = (time: string): string => formatOffset(nanos(time) - start);
	const fromFlow = (time: string): string => formatOffset(nanos(time) - scene.tree.origin);
	return (
		<aside class="panel" aria-label="Selected record" key={selected.id}>
			<RecordPanel
				record={record}
				colour={scene.colours.get(record.service)}
				instant={selected.kind === "span" ? instant : fromFlow}
				onFilter={(term) => scene.patch({ filter: [scene.route.filter, term].filter(Boolean).join(" ") }, "push")}
				onClose={() => scene.select(null)}
				actions={<Actions scene={scene} />}
			>
				{selected.kind === "span" ? (
					<SpanPlace scene={scene} node={selected} />
				) : (
					<LogPlace scene={scene} node={selected} />
				)}
			</RecordPanel>
		</aside>
	);
}

function Actions({ scene }: { scene: Scene }): JSX.Element {
	const { selected, route } = scene;
	const node = selected?.kind === "span" && selected.items.length > 0 ? selected : null;
	return (
		<>
			<Copy text={permalink}>
				Copy link <kbd>y</kbd>
			</Copy>
			{node && (
				<button
					type="button"
					class="pill"
					onClick={() => scene.patch({ subtree: route.subtree === node.id ? "" : node.id }, "push")}
				>
					{route.subtree === node.id ? "Whole flow" : "Only this subtree"}
				</button>
			)}
		</>
	);
}

/** What the flow knows about a span beyond its record. */
function SpanPlace({ scene, node }: { scene: Scene; node: SpanNode }): JSX.Element {
	const logs = node.items.filter((item) => item.kind === "log");
	const key = spanKey(node.traceId, node.spanId);
	return (
		<>
			{logs.length > 0 && (
				<Section title="Logs of this span" note={logs.length}>
					{logs.slice(0, LOGS_SHOWN).map((log) => (
						<SpanLog key={log.id} scene={scene} log={log} span={node} />
					))}
					{logs.length > LOGS_SHOWN && (
						<p class="mute">{plural(logs.length - LOGS_SHOWN, "more log")} in the timeline.</p>
					)}
				</Section>
			)}
			<Links scene={scene} title="Continues in" links={scene.tree.linksTo.get(key)} side="from" />
			<Links scene={scene} title="Comes from" links={scene.tree.linksFrom.get(key)} side="to" />
			<DanglingLinks scene={scene} node={node} />
		</>
	);
}

function SpanLog({ scene, log, span }: { scene: Scene; log: LogNode; span: SpanNode }): JSX.Element {
	return (
		<button type="button" class="bare span-log mono" onClick={() => scene.select(log)}>
			<span class="mute">{formatOffset(BigInt(Math.round(log.start - span.start)))}</span>{" "}
			<span class={log.error ? "bad" : log.record.severity === "warn" ? "warn" : ""}>
				{oneLine(bodyText(log.record.body) || log.record.event_name)}
			</span>
		</button>
	);
}

function Links(props: {
	scene: Scene;
	title: string;
	links: FlowLink[] | undefined;
	side: "from" | "to";
}): JSX.Element | null {
	if (!props.links) return null;
	return (
		<Section title={props.title} note={props.links.length}>
			{props.links.map((link) => {
				const [traceId, spanId] =
					props.side === "from" ? [link.trace_id, link.span_id] : [link.to_trace_id, link.to_span_id];
				const node = props.scene.tree.nodes.get(spanId);
				const wait = link.queue_ns ? ` · ${formatDuration(nanos(link.queue_ns))} in queue` : "";
				if (node?.kind !== "span" || !node.record)
					return <OutsideLink key={traceId + spanId} traceId={traceId} spanId={spanId} />;
				return (
					<button key={traceId + spanId} type="button" class="bare linked" onClick={() => props.scene.select(node)}>
						<Swatch colour={props.scene.colours.get(node.record.service)} /> <b>{node.record.service}</b>{" "}
						<span class="mute">
							{node.record.name}
							{wait}
						</span>
					</button>
				);
			})}
		</Section>
	);
}

/** Links to spans that the flow did not bring. */
function DanglingLinks({ scene, node }: { scene: Scene; node: SpanNode }): JSX.Element | null {
	const known = new Set(scene.tree.linksFrom.get(spanKey(node.traceId, node.spanId))?.map((link) => link.to_span_id));
	const links = node.record?.links.filter((link) => !known.has(link.span_id)) ?? [];
	if (links.length === 0) return null;
	return (
		<Section title="Links outside this flow" note={links.length}>
			{links.map((link) => (
				<OutsideLink key={link.span_id} traceId={link.trace_id} spanId={link.span_id} />
			))}
		</Section>
	);
}

function OutsideLink({ traceId, spanId }: { traceId: string; spanId: string }): JSX.Element {
	return (
		<Go to={formatRoute(flowRoute(TRACE_KEY, traceId, { selected: spanId }))} class="linked mono">
			trace {traceId.slice(0, 12)}… span {spanId}
		</Go>
	);
}

function LogPlace({ scene, node }: { scene: Scene; node: LogNode }): JSX.Element | null {
	const { parent } = node;
	if (!parent) {
		return (
			<Section title="No trace">
				<p class="mute">
					This log carries no {node.record.trace_id ? "span of this flow" : "trace"};{" "}
					{node.record.correlation.map(({ key }) => key).join(", ") || "its trace"} joins it.
				</p>
			</Section>
		);
	}
	return (
		<Section title="Logged in">
			<button type="button" class="bare linked" onClick={() => scene.select(parent)}>
				<Swatch colour={scene.colours.get(parent.record?.service ?? "")} />{" "}
				<b>{parent.record?.service ?? "a span that is missing"}</b> <span class="mute">{parent.record?.name}</span>
			</button>
		</Section>
	);
}

function MissingSpan({ scene, node }: { scene: Scene; node: SpanNode }): JSX.Element {
	const running = scene.flow.state === "running";
	return (
		<>
			<button
				type="button"
				class="bare close"
				title="Close (esc)"
				aria-label="Close"
				onClick={() => scene.select(null)}
			>
				✕
			</button>
			<h2 class="panel-title">{running ? "Not here yet" : "Missing span"}</h2>
			<p class="mute">
				{plural(node.items.length, "record")} name span <span class="mono">{node.spanId}</span> as their parent, and it
				has not arrived.{" "}
				{running
					? "Spans are sent when they end: it is still running, or on its way."
					: "Its service may not export, may have been killed before it could, or sampled the span away."}
			</p>
		</>
	);
}

/** What there is to say while nothing is selected. */
function FlowSummary({ scene }: { scene: Scene }): JSX.Element {
	const { flow } = scene;
	return (
		<>
			<button
				type="button"
				class="bare close"
				title="Close (esc)"
				aria-label="Close"
				onClick={() => scene.select(null)}
			>
				✕
			</button>
			<h2 class="panel-title">Services</h2>
			<div class="service-list">
				{flow.services.map((service) => (
					<button
						key={service.name}
						type="button"
						class="bare service-line"
						title="Filter for this service"
						onClick={() => scene.patch({ filter: fieldTerm("service", service.name) }, "push")}
					>
						<Swatch colour={scene.colours.get(service.name)} />
						<b>{service.name}</b>
						<span class="mute">{service.owner}</span>
						<span class="num mute">{service.span_count}</span>
						<span class="num mute">{service.log_count}</span>
						<span class={`num ${service.error_count > 0 ? "bad" : "mute"}`}>{service.error_count}</span>
					</button>
				))}
			</div>
			<p class="mute summary-note">spans, logs, errors. Select a row to see all of it.</p>
			<Section title="Traces" note={flow.traces.length}>
				{scene.tree.traces.map((trace, index) => (
					<Go key={trace.id} to={formatRoute(flowRoute(TRACE_KEY, trace.id))} class="linked">
						{index + 1} · <span class="mono">{trace.id.slice(0, 16)}…</span>{" "}
						<span class="mute">
							{trace.summary.root_service} {trace.summary.root_name}
						</span>
					</Go>
				))}
			</Section>
		</>
	);
}
