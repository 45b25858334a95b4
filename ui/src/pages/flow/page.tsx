//! The flow page: fetches the flow and says why there is none when there is none.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { flow } from "../../api/calls";
import type { ApiError } from "../../api/client";
import { useCall } from "../../api/use-call";
import { formatRoute, type Route, searchRoute, TRACE_KEY } from "../../model/route";
import { Go } from "../../widgets/controls";
import { Notice, Skeleton } from "../../widgets/states";
import { Failure } from "../shell/failure";
import { useTitle } from "../shell/title";
import { FlowView } from "./flow-view";

/** The route this page is for. */
export type FlowRoute = Extract<Route, { page: "flow" }>;

/** How often a running flow is fetched anew, at most. */
const POLL_MS = 3000;

/** The page. */
export function FlowPage({ route }: { route: FlowRoute }): JSX.Element {
	const { key, id, start, end } = route;
	useTitle(key === TRACE_KEY ? `trace ${id.slice(0, 8)}` : id);
	const { answer, error, reload } = useCall(JSON.stringify([key, id, start, end]), (signal) =>
		flow(key, id, start, end, signal),
	);
	useEffect(() => {
		if (answer?.state !== "running") return;
		// A costly flow is asked for less often.
		const wait = Math.max(POLL_MS, (answer.stats?.elapsed_ms ?? 0) * 20);
		const timer = setInterval(() => document.visibilityState === "visible" && reload(), wait);
		return () => clearInterval(timer);
	}, [answer, reload]);

	if (error && !answer) {
		return (
			<main class="centre">
				<NoFlow error={error} route={route} retry={reload} />
			</main>
		);
	}
	if (!answer) return <Loading route={route} />;
	return <FlowView flow={answer} route={route} stale={error} />;
}

function Loading({ route }: { route: FlowRoute }): JSX.Element {
	return (
		<main class="flow">
			<div class="verdict">
				<h1>
					<span class="state plain">…</span>
					<span>
						<span class="mute key">{route.key === TRACE_KEY ? "trace" : route.key}</span>{" "}
						<span class="mono">{route.id}</span>
					</span>
				</h1>
				<div class="facts">fetching all spans and logs, over everything kept</div>
			</div>
			<Skeleton rows={14} label="Fetching the flow" />
		</main>
	);
}

const RANGES: [string, string][] = [
	["-15m", "last 15 minutes"],
	["-1h", "last hour"],
	["-24h", "last 24 hours"],
	["-7d", "last 7 days"],
];

function NoFlow({ error, route, retry }: { error: ApiError; route: FlowRoute; retry: () => void }): JSX.Element {
	const { key, id } = route;
	if (error.code === "too_common") {
		const links = RANGES.map(([start, text]) => (
			<Go key={start} to={formatRoute({ ...route, start, end: "" })} class="pill">
				{text}
			</Go>
		));
		return (
			<Notice tone="warn" title={<>Too common to be one flow</>} actions={links}>
				<p>{error.message}.</p>
				<p>
					<span class="mono">{id}</span> under <span class="mono">{key}</span> joins too much to be drawn as one. Choose
					when it happened, or paste an ID that fewer records share.
				</p>
			</Notice>
		);
	}
	if (error.status === 404) {
		const ranged = route.start !== "" || route.end !== "";
		const links = (
			<>
				{ranged && (
					<Go to={formatRoute({ ...route, start: "", end: "" })} class="pill">
						Without a range
					</Go>
				)}
				<Go to={formatRoute({ page: "find", id })} class="pill">
					Under any key
				</Go>
				<Go to={formatRoute(searchRoute({ q: `"${id}"` }))} class="pill">
					As text in logs
				</Go>
				<button type="button" class="pill" onClick={retry}>
					Look again
				</button>
			</>
		);
		return (
			<Notice
				title={
					<>
						Nothing carries <span class="mono">{id}</span>
					</>
				}
				actions={links}
			>
				No record has it under <span class="mono">{key}</span> {ranged ? "in this range" : "in all that is kept"}. It
				may be older than the retention, spelled otherwise, or not sent yet; what arrives is found at once.
			</Notice>
		);
	}
	return <Failure error={error} retry={retry} what="The flow" />;
}
