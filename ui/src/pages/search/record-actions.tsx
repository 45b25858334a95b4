//! Where a found record leads: its flows and its trace.

import type { JSX } from "preact";
import type { AnyRecord } from "../../model/record";
import { flowRoute, formatRoute, TRACE_KEY } from "../../model/route";
import { Go } from "../../widgets/controls";

/** Links to all that the record belongs to. */
export function RecordActions({ record }: { record: AnyRecord }): JSX.Element {
	const selected = record.signal === "spans" ? record.span_id : `log-${record.time}`;
	return (
		<>
			{record.correlation.slice(0, 3).map(({ key, value }) => (
				<Go key={`${key}${value}`} to={formatRoute(flowRoute(key, value, { selected }))} class="pill strong">
					Flow {key}
				</Go>
			))}
			{record.trace_id && (
				<Go to={formatRoute(flowRoute(TRACE_KEY, record.trace_id, { selected }))} class="pill">
					Trace
				</Go>
			)}
		</>
	);
}
