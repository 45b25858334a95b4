//! Everything about one record: what exactly, what went wrong, what it logged, where it leads.

import type { ComponentChildren, JSX } from "preact";
import {
	formatDate,
	formatDuration,
	formatExactClock,
	formatExactDuration,
	formatRfc3339,
	nanos,
} from "../../base/time";
import { exceptionOfLog, exceptionsOfSpan } from "../../model/exception";
import {
	type AnyRecord,
	type Attributes,
	bodyText,
	droppedText,
	instanceOf,
	isError,
	type LogRecord,
	type SpanRecord,
	titleOf,
} from "../../model/record";
import { Copy, REACHABLE } from "../../widgets/controls";
import { AttributeList } from "./attributes";
import { ExceptionView } from "./exception";
import { Swatch } from "./swatch";

/** What the panel needs beside the record. */
export interface RecordPanelProps {
	record: AnyRecord;
	colour: number | undefined;
	/** How an instant within the record is written. */
	instant: (time: string) => string;
	/** Buttons beside "Raw". */
	actions?: ComponentChildren;
	/** Stands after the exceptions. */
	children?: ComponentChildren;
	/** Takes a `field:value` into the filter at hand. */
	onFilter?: ((term: string) => void) | undefined;
	onClose: () => void;
}

/** The panel's content. */
export function RecordPanel(props: RecordPanelProps): JSX.Element {
	const { record } = props;
	const isSpan = record.signal === "spans";
	const exceptions = isSpan ? exceptionsOfSpan(record) : [exceptionOfLog(record)].filter((one) => one !== null);
	const json = (): string => JSON.stringify(record, null, 2);
	return (
		<>
			<button type="button" class="bare close" title="Close (esc)" aria-label="Close" onClick={props.onClose}>
				✕
			</button>
			<h2 class="panel-title">
				<Swatch colour={props.colour} />
				{record.service || "(no service)"}{" "}
				<span class="mute">· {isSpan ? record.name : record.event_name || "log"}</span>
			</h2>
			{isSpan ? <SpanLine span={record} /> : <LogLine log={record} />}
			<div class="acts">
				{props.actions}
				<Copy text={json}>Copy JSON</Copy>
			</div>
			{isSpan ? <StatusMessage span={record} /> : <Body log={record} />}
			<Correlations record={record} onFilter={props.onFilter} />
			<AttributeList attributes={beyondCorrelation(record)} onFilter={props.onFilter} />
			{droppedText(record) && <p class="warn dropped">{droppedText(record)}</p>}
			{exceptions.map((exception, index) => (
				<ExceptionView key={index} exception={exception} at={props.instant(exception.time)} />
			))}
			{isSpan && <SpanEvents span={record} instant={props.instant} />}
			{props.children}
			<Section title="Resource" note={instanceOf(record)} folded>
				<AttributeList attributes={record.resource} onFilter={props.onFilter} />
			</Section>
			<Section title="Ids and times" folded>
				<Identity record={record} />
			</Section>
			<Section title="Raw JSON" folded>
				<pre class="raw mono" {...REACHABLE}>
					{json()}
				</pre>
			</Section>
		</>
	);
}

/** A part of the panel with its heading; folded parts open on demand. */
export function Section(props: {
	title: string;
	note?: ComponentChildren;
	folded?: boolean;
	children: ComponentChildren;
}): JSX.Element {
	if (props.folded) {
		return (
			<details class="part">
				<summary>
					<b>{props.title}</b> <span class="mute">{props.note}</span>
				</summary>
				{props.children}
			</details>
		);
	}
	return (
		<section class="part">
			<div class="part-head">
				<b>{props.title}</b> <span class="mute">{props.note}</span>
			</div>
			{props.children}
		</section>
	);
}

function SpanLine({ span }: { span: SpanRecord }): JSX.Element {
	const duration = nanos(span.duration_ns);
	return (
		<div class="mute mono panel-line">
			<span title={formatExactDuration(duration)}>{formatDuration(duration)}</span> · {span.kind}
			{span.status !== "unset" && (
				<>
					{" · "}
					<span class={isError(span) ? "bad" : "good"}>{span.status.toUpperCase()}</span>
				</>
			)}
			{instanceOf(span) && ` · ${instanceOf(span)}`}
		</div>
	);
}

function LogLine({ log }: { log: LogRecord }): JSX.Element {
	const time = nanos(log.time);
	return (
		<div class="mute mono panel-line">
			<span class={isError(log) ? "bad" : log.severity === "warn" ? "warn" : ""}>
				{log.severity_text || log.severity.toUpperCase()}
			</span>
			{` · ${formatDate(time)} ${formatExactClock(time)}`}
			{instanceOf(log) && ` · ${instanceOf(log)}`}
		</div>
	);
}

function StatusMessage({ span }: { span: SpanRecord }): JSX.Element | null {
	if (span.status_message === "") return null;
	return <p class={`panel-message mono ${isError(span) ? "bad" : ""}`}>{span.status_message}</p>;
}

function Body({ log }: { log: LogRecord }): JSX.Element {
	const text =
		typeof log.body === "object" && log.body !== null ? JSON.stringify(log.body, null, 2) : bodyText(log.body);
	return (
		<pre class={`body mono ${isError(log) ? "bad" : ""}`} {...REACHABLE} data-empty={text === "" || undefined}>
			{text || "(empty body)"}
		</pre>
	);
}

function Correlations(props: {
	record: AnyRecord;
	onFilter?: ((term: string) => void) | undefined;
}): JSX.Element | null {
	const { correlation } = props.record;
	if (correlation.length === 0) return null;
	const attributes = Object.fromEntries(correlation.map(({ key, value }) => [key, value]));
	return <AttributeList attributes={attributes} onFilter={props.onFilter} marked flows />;
}

/** The attributes that do not stand among the correlation IDs already; the raw record has them all. */
function beyondCorrelation(record: AnyRecord): Attributes {
	const shown = new Map(record.correlation.map(({ key, value }) => [key, value]));
	return Object.fromEntries(Object.entries(record.attributes).filter(([name, value]) => shown.get(name) !== value));
}

function SpanEvents({ span, instant }: { span: SpanRecord; instant: (time: string) => string }): JSX.Element | null {
	const events = span.events.filter((event) => event.name !== "exception");
	if (events.length === 0) return null;
	return (
		<Section title="Events" note={`${events.length}`}>
			{events.map((event, index) => (
				<div key={index} class="span-event">
					<div class="mono">
						<span class="mute">{instant(event.time)}</span> {event.name}
					</div>
					<AttributeList attributes={event.attributes} />
				</div>
			))}
		</Section>
	);
}

function Identity({ record }: { record: AnyRecord }): JSX.Element {
	const rows: Record<string, string> = { time: formatRfc3339(nanos(record.time)) };
	if (record.signal === "spans") {
		rows.end = formatRfc3339(nanos(record.end));
		rows.duration = formatExactDuration(nanos(record.duration_ns));
	} else rows.observed = formatRfc3339(nanos(record.observed_time));
	if (record.trace_id) rows.trace_id = record.trace_id;
	if (record.span_id) rows.span_id = record.span_id;
	if (record.signal === "spans" && record.parent_span_id) rows.parent_span_id = record.parent_span_id;
	if (record.signal === "spans" && record.trace_state) rows.trace_state = record.trace_state;
	if (record.scope.name) rows.scope = [record.scope.name, record.scope.version].filter(Boolean).join(" ");
	return <AttributeList attributes={rows} />;
}

/** The record's title, for a page's title. */
export function panelTitle(record: AnyRecord): string {
	return `${record.service} ${titleOf(record)}`;
}
