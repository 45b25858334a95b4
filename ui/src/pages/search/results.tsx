//! The found records, newest first, as many as the reader scrolls to.

import type { CSSProperties, JSX } from "preact";
import { useCallback } from "preact/hooks";
import { formatCount, oneLine } from "../../base/text";
import { formatClock, formatDay, formatDuration, formatRfc3339, nanos } from "../../base/time";
import { type AnyRecord, isError, titleOf } from "../../model/record";
import { flowRoute, formatRoute } from "../../model/route";
import { severityLetter } from "../../model/severity";
import { Go } from "../../widgets/controls";
import { VirtualRows } from "../../widgets/virtual-rows";
import { Swatch } from "../record/swatch";
import type { PatchSearch, SearchRoute } from "./page";
import type { Search } from "./use-search";

const ROW = 25;
const FOOT = 44;

/** Draws the list. */
export function Results(props: {
	search: Search;
	route: SearchRoute;
	patch: PatchSearch;
	colours: Map<string, number>;
}): JSX.Element {
	const { search, route, patch } = props;
	const { records } = search;
	const heightOf = useCallback((index: number) => (index === records.length ? FOOT : ROW), [records.length]);
	const at = route.selected === "" ? -1 : records.findIndex((record) => record.record === route.selected);
	return (
		<VirtualRows
			class="grid results"
			count={records.length + 1}
			heightOf={heightOf}
			reveal={at}
			revealKey={at >= 0 ? route.selected : undefined}
			onEnd={search.moreError ? undefined : search.more}
			aria={{ role: "grid", "aria-label": "Records, newest first", "aria-rowcount": search.total ?? -1, tabIndex: 0 }}
			draw={(index, style) => {
				const record = records[index];
				if (!record) return <Foot key="foot" search={search} style={style} />;
				const selected = record.record === route.selected;
				const choose = (): void => patch({ selected: selected ? "" : record.record }, "replace");
				return (
					<ResultLine
						key={record.record}
						record={record}
						colour={props.colours.get(record.service)}
						selected={selected}
						style={style}
						onChoose={choose}
					/>
				);
			}}
		/>
	);
}

function ResultLine(props: {
	record: AnyRecord;
	colour: number | undefined;
	selected: boolean;
	style: CSSProperties;
	onChoose: () => void;
}): JSX.Element {
	const { record } = props;
	const time = nanos(record.time);
	const correlation = record.correlation[0];
	const severity = record.signal === "logs" ? record.severity : "";
	return (
		<div
			class={`row result ${severity} ${props.selected ? "sel" : ""}`}
			role="row"
			aria-selected={props.selected}
			style={props.style}
			onClick={props.onChoose}
		>
			<span class="mono num mute" role="gridcell" title={formatRfc3339(time)}>
				<span class="date">{formatDay(time)} </span>
				{formatClock(time)}
			</span>
			<span class="event-service" role="gridcell">
				<Swatch colour={props.colour} /> <b>{record.service}</b>
			</span>
			<span
				class={`event-text ${record.signal === "logs" ? "mono" : ""} ${isError(record) ? "bad" : ""}`}
				role="gridcell"
			>
				<span class="lv">
					{record.signal === "logs" ? severityLetter(record.severity) : isError(record) ? "✖" : ""}
				</span>
				<span class="msg">{oneLine(titleOf(record))}</span>
				{record.signal === "spans" && <span class="mute num"> {formatDuration(nanos(record.duration_ns))}</span>}
			</span>
			<span class="result-flow" role="gridcell">
				{correlation && (
					<Go
						to={formatRoute(flowRoute(correlation.key, correlation.value))}
						class="chip mono"
						title={`Open the flow of ${correlation.key} ${correlation.value}`}
					>
						{correlation.value}
					</Go>
				)}
			</span>
		</div>
	);
}

function Foot({ search, style }: { search: Search; style: CSSProperties }): JSX.Element {
	const { records } = search;
	return (
		<div class="foot mute" style={style}>
			{search.moreError ? (
				<>
					<span class="bad">{search.moreError.message}</span>
					<button type="button" class="pill" onClick={search.more}>
						Try again
					</button>
				</>
			) : search.full ? (
				`The newest ${formatCount(records.length)} are here. For older ones choose a range in the picture above.`
			) : search.loadingMore ? (
				"loading more …"
			) : search.cursor === null ? (
				`That is all: ${formatCount(search.records.length)}.`
			) : (
				<button type="button" class="pill" onClick={search.more}>
					Load more
				</button>
			)}
		</div>
	);
}
