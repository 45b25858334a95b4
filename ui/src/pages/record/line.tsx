//! A record on one line, for lists outside a flow; it leads to where the record can be seen whole.

import type { JSX } from "preact";
import { oneLine } from "../../base/text";
import { formatAgo, formatRfc3339, nanos, nowNanos } from "../../base/time";
import { errorText } from "../../model/exception";
import { type AnyRecord, isError, titleOf } from "../../model/record";
import { flowRoute, formatRoute, searchRoute, TRACE_KEY } from "../../model/route";
import { severityLetter } from "../../model/severity";
import { Go } from "../../widgets/controls";

/** The line. */
export function RecordLine({ record }: { record: AnyRecord }): JSX.Element {
	const time = nanos(record.time);
	return (
		<Go to={recordAddress(record)} class="line">
			<span class="mute num" title={formatRfc3339(time)}>
				{formatAgo(time, nowNanos())}
			</span>
			<b>{record.service}</b>
			{record.signal === "logs" ? (
				<span class={`mono line-text ${record.severity} ${isError(record) ? "bad" : ""}`}>
					<span class="lv">{severityLetter(record.severity)}</span>
					{oneLine(titleOf(record))}
				</span>
			) : (
				<span class={`line-text ${isError(record) ? "bad" : ""}`}>
					<span class="lv">▸</span>
					{oneLine([record.name, errorText(record)].filter(Boolean).join(" — "))}
				</span>
			)}
		</Go>
	);
}

/** Where a record is best seen: in its flow, else in its trace, else in the explorer. */
export function recordAddress(record: AnyRecord): string {
	const correlation = record.correlation[0];
	const selected = record.signal === "spans" ? record.span_id : `log-${record.time}`;
	if (correlation) return formatRoute(flowRoute(correlation.key, correlation.value, { selected }));
	if (record.trace_id) return formatRoute(flowRoute(TRACE_KEY, record.trace_id, { selected }));
	const { signal, time } = record;
	return formatRoute(searchRoute({ q: "", signal, start: time, end: `${nanos(time) + 1n}`, selected: record.record }));
}
