//! The explorer: how many over time, and the records newest first.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { go } from "../../base/location";
import { formatCount } from "../../base/text";
import { formatRfc3339, nanos } from "../../base/time";
import { assignColours } from "../../model/palette";
import { formatRoute, type Route, type SearchParams } from "../../model/route";
import { Pill, Segments } from "../../widgets/controls";
import { useKeys } from "../../widgets/keys";
import { Banner, Notice, Skeleton } from "../../widgets/states";
import { RecordPanel } from "../record/panel";
import { queryProblem } from "../shell/box";
import { Failure } from "../shell/failure";
import { useTitle } from "../shell/title";
import { Histogram, useHistogram } from "./histogram";
import { rangeText } from "./range";
import { RecordActions } from "./record-actions";
import { Results } from "./results";
import { type Search, useSearch } from "./use-search";

/** The route this page is for. */
export type SearchRoute = Extract<Route, { page: "search" }>;

/** Changes what the address says. */
export type PatchSearch = (change: Partial<SearchParams>, how?: "push" | "replace") => void;

const SIGNALS = [
	{ value: "logs", text: "Logs" },
	{ value: "spans", text: "Spans" },
] as const;

const RANGES: [string, string][] = [
	["-15m", "15 min"],
	["-1h", "1 h"],
	["-24h", "24 h"],
	["-7d", "7 d"],
	["", "all time"],
];

/** The page. */
export function SearchPage({ route }: { route: SearchRoute }): JSX.Element {
	useTitle(route.q === "" ? "Search" : route.q);
	const search = useSearch(route);
	const patch: PatchSearch = (change, how = "push") => go(formatRoute({ ...route, notId: false, ...change }), how);
	const syntax = search.error && search.error.position !== null ? search.error : null;
	useEffect(() => {
		queryProblem.value = syntax ? { text: route.q, error: syntax } : null;
		return () => {
			queryProblem.value = null;
		};
	}, [syntax, route.q]);
	useSearchKeys(search, route, patch);
	const counts = useHistogram(route);
	const colours = assignColours([
		...search.records.map((record) => record.service),
		...(route.signal === "spans" ? (counts.answer?.buckets.flatMap((bucket) => Object.keys(bucket.by)) ?? []) : []),
	]);
	const selected = search.records.find((record) => record.record === route.selected);
	return (
		<main class="search">
			{route.notId && route.q !== "" && (
				<Banner tone="warn">
					<b class="mono">{route.q}</b> is no ID here: no trace, span or correlation key has it, in all that is kept.
					These are the records whose text mentions it.
				</Banner>
			)}
			<div class="tools">
				<Segments
					label="Signal"
					options={SIGNALS}
					value={route.signal}
					onChoose={(signal) => patch({ signal, selected: "" })}
				/>
				<span class="mute total">{totalText(search)}</span>
				<div class="pills">
					{RANGES.map(([start, text]) => (
						<Pill
							key={start}
							on={route.start === start && route.end === ""}
							onClick={() => patch({ start, end: "", selected: "" })}
						>
							{text}
						</Pill>
					))}
					{isAbsolute(route) && (
						<Pill on title="Forget this range" onClick={() => patch({ start: "", end: "", selected: "" })}>
							{rangeText(route.start, route.end)} ✕
						</Pill>
					)}
				</div>
			</div>
			{!syntax && <Histogram counts={counts} route={route} patch={patch} colours={colours} />}
			<div class={`search-body ${selected ? "" : "no-panel"}`}>
				<Content search={search} route={route} patch={patch} colours={colours} isSyntax={syntax !== null} />
				{selected && (
					<aside class="panel" aria-label="Selected record" key={selected.record}>
						<RecordPanel
							record={selected}
							colour={colours.get(selected.service)}
							instant={(time) => formatRfc3339(nanos(time))}
							onFilter={(term) => patch({ q: [route.q, term].filter(Boolean).join(" ") })}
							onClose={() => patch({ selected: "" }, "replace")}
							actions={<RecordActions record={selected} />}
						/>
					</aside>
				)}
			</div>
		</main>
	);
}

function Content(props: {
	search: Search;
	route: SearchRoute;
	patch: PatchSearch;
	colours: Map<string, number>;
	isSyntax: boolean;
}): JSX.Element {
	const { search, route, patch } = props;
	if (props.isSyntax) {
		return (
			<Notice title="The query cannot be read">
				The box shows where.{" "}
				<span class="mono">word "a phrase" field:value -not severity:&gt;=warn duration:&gt;250ms (a OR b)</span> is how
				queries look.
			</Notice>
		);
	}
	if (search.error && search.records.length === 0)
		return <Failure error={search.error} retry={search.reload} what="The records" />;
	if (search.loading && search.records.length === 0) return <Skeleton rows={16} label="Searching" />;
	if (search.records.length === 0) return <Nothing route={route} patch={patch} />;
	return <Results search={search} route={route} patch={patch} colours={props.colours} />;
}

function Nothing({ route, patch }: { route: SearchRoute; patch: PatchSearch }): JSX.Element {
	const other = route.signal === "logs" ? "spans" : "logs";
	const actions = (
		<>
			{(route.start || route.end) && <Pill onClick={() => patch({ start: "", end: "" })}>Over all time</Pill>}
			<Pill onClick={() => patch({ signal: other })}>Look in {other}</Pill>
			{route.q && <Pill onClick={() => patch({ q: "" })}>Without the query</Pill>}
		</>
	);
	return (
		<Notice title={`No ${route.signal} ${route.q ? "match" : "yet"}`} actions={actions}>
			{route.q ? (
				<>
					Nothing matches <span class="mono">{route.q}</span> {rangeText(route.start, route.end)}. Every word must
					occur; <span class="mono">word*</span> matches beginnings, <span class="mono">a OR b</span> either.
				</>
			) : (
				`No ${route.signal} ${rangeText(route.start, route.end)}.`
			)}
		</Notice>
	);
}

function totalText(search: Search): string {
	if (search.records.length === 0) return "";
	const shown = formatCount(search.records.length);
	const total = search.total === null ? (search.cursor ? "many" : shown) : formatCount(search.total);
	const took = search.elapsedMs === null ? "" : ` · ${search.elapsedMs} ms`;
	return `${shown} of ${total}${took}`;
}

function isAbsolute(route: SearchRoute): boolean {
	return route.end !== "" || (route.start !== "" && !RANGES.some(([start]) => start === route.start));
}

function useSearchKeys(search: Search, route: SearchRoute, patch: PatchSearch): void {
	const step = (by: number, wanted: (index: number) => boolean = () => true): void => {
		const from = search.records.findIndex((record) => record.record === route.selected);
		for (let at = from + by; at >= 0 && at < search.records.length; at += by) {
			if (!wanted(at)) continue;
			patch({ selected: search.records[at]?.record ?? "" }, "replace");
			return;
		}
	};
	const isError = (index: number): boolean => {
		const record = search.records[index];
		return record?.signal === "logs" ? record.severity_number >= 17 : record?.status === "error";
	};
	useKeys({
		j: () => step(1),
		ArrowDown: () => step(1),
		k: () => step(-1),
		ArrowUp: () => step(-1),
		e: () => step(1, isError),
		E: () => step(-1, isError),
		Escape: () => patch({ selected: "" }, "replace"),
	});
}
