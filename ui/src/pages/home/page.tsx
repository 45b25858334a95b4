//! The first page: what to paste, who sends, what went wrong lately.

import type { JSX } from "preact";
import { search, services } from "../../api/calls";
import { useCall } from "../../api/use-call";
import { nanos } from "../../base/time";
import type { AnyRecord } from "../../model/record";
import { formatRoute, searchRoute } from "../../model/route";
import { Go } from "../../widgets/controls";
import { Skeleton } from "../../widgets/states";
import { RecordLine } from "../record/line";
import { ServiceTable } from "../services/table";
import { Failure } from "../shell/failure";
import { forgetRecents, recents } from "../shell/submit";
import { useTitle } from "../shell/title";
import { Exporters } from "./exporters";

const ERRORS_SHOWN = 12;

/** Home. */
export function HomePage(): JSX.Element {
	useTitle("");
	const sent = useCall("services", (signal) => services("", "", signal));
	const empty = sent.answer?.services.length === 0;
	return (
		<main class="home">
			<section class="hero">
				<h1>Follow one call through all your services</h1>
				<p class="mute">
					Paste an order number, a trace id, a <span class="mono">traceparent</span>, any ID a record carries, into the
					box. No service and no time range needed. <kbd>/</kbd> goes there.
				</p>
				<Recents />
			</section>
			{sent.error && <Failure error={sent.error} retry={sent.reload} what="The services" />}
			{!sent.answer && !sent.error && <Skeleton rows={6} label="Fetching services" />}
			{empty && <Exporters />}
			{sent.answer && !empty && (
				<div class="home-columns">
					<section>
						<h2>Services</h2>
						<ServiceTable services={sent.answer.services} start="" />
					</section>
					<RecentErrors />
				</div>
			)}
			{sent.answer && !empty && (
				<details class="fold">
					<summary>Point more exporters here</summary>
					<Exporters />
				</details>
			)}
		</main>
	);
}

function Recents(): JSX.Element | null {
	if (recents.value.length === 0) return null;
	return (
		<p class="recent-line">
			<span class="mute">Recent</span>
			{recents.value.slice(0, 8).map((text) => (
				<Go
					key={text}
					to={/\s/.test(text) ? formatRoute(searchRoute({ q: text })) : formatRoute({ page: "find", id: text })}
					class="chip mono"
				>
					{text}
				</Go>
			))}
			<button type="button" class="bare mute" onClick={forgetRecents}>
				forget
			</button>
		</p>
	);
}

function RecentErrors(): JSX.Element {
	const logs = "severity:>=error";
	const spans = "status:error";
	const range = { start: "", end: "" };
	const fetchBoth = async (signal: AbortSignal): Promise<AnyRecord[]> => {
		const answers = await Promise.all([
			search({ q: logs, signal: "logs", ...range }, ERRORS_SHOWN, "", signal),
			search({ q: spans, signal: "spans", ...range }, ERRORS_SHOWN, "", signal),
		]);
		const all = answers.flatMap((answer) => answer.records);
		return all.sort((a, b) => Number(nanos(b.time) - nanos(a.time))).slice(0, ERRORS_SHOWN);
	};
	const { answer, error, reload } = useCall("errors", fetchBoth);
	return (
		<section>
			<h2>
				Recent errors <Go to={formatRoute(searchRoute({ q: logs }))}>all logs</Go>
				<Go to={formatRoute(searchRoute({ q: spans, signal: "spans" }))}>all spans</Go>
			</h2>
			{error && <Failure error={error} retry={reload} what="Recent errors" />}
			{!answer && !error && <Skeleton rows={6} label="Fetching errors" />}
			{answer?.length === 0 && <p class="mute">Nothing says error. Good.</p>}
			<div class="lines">
				{answer?.map((record) => (
					<RecordLine key={record.record} record={record} />
				))}
			</div>
		</section>
	);
}
