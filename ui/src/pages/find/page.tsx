//! What is this ID? One answer opens at once, several are a choice, none becomes a search for the text.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { find } from "../../api/calls";
import { useCall } from "../../api/use-call";
import { go } from "../../base/location";
import { plural } from "../../base/text";
import { formatClock, formatDate, formatDuration, nanos } from "../../base/time";
import type { Match } from "../../model/answers";
import { identify } from "../../model/identify";
import { formatRoute, searchRoute } from "../../model/route";
import { type Target, targetsOf } from "../../model/targets";
import { Go } from "../../widgets/controls";
import { Skeleton } from "../../widgets/states";
import { Failure } from "../shell/failure";
import { useTitle } from "../shell/title";

/** Asks, and leads on. */
export function FindPage({ id }: { id: string }): JSX.Element {
	useTitle(id);
	const { answer, error, reload } = useCall(id, (signal) => find(id, signal));
	const targets = answer ? targetsOf(answer.matches) : [];
	const only = targets.length === 1 ? targets[0] : undefined;
	useEffect(() => {
		if (id === "") go("", "replace");
		else if (only) go(only.to, "replace");
		else if (answer && targets.length === 0)
			go(formatRoute(searchRoute({ q: id, notId: identify(id).shape !== "query" })), "replace");
	}, [id, answer, only, targets.length]);

	if (error) {
		return (
			<main class="centre">
				<Failure error={error} retry={reload} what="What this ID is" />
			</main>
		);
	}
	if (!answer || targets.length < 2) {
		return (
			<main class="column">
				<p class="mute">
					Looking for <b class="mono">{id}</b> as {asWhat(id)}, over everything kept.
				</p>
				<Skeleton rows={4} label="Looking" />
			</main>
		);
	}
	return (
		<main class="column">
			<h1 class="page-title">
				{targets.length} things carry <span class="mono">{id}</span>
			</h1>
			<p class="mute">Asked every correlation key, trace id and span id, over everything kept.</p>
			{(["flow", "trace", "span"] as const).map((kind) => (
				<Group key={kind} kind={kind} targets={targets.filter((target) => target.match.kind === kind)} />
			))}
			<p>
				<Go to={formatRoute(searchRoute({ q: id }))}>Search for it as text</Go>
			</p>
		</main>
	);
}

const TITLES = { flow: "Flows", trace: "Traces", span: "Spans" };

function Group({ kind, targets }: { kind: Match["kind"]; targets: Target[] }): JSX.Element | null {
	if (targets.length === 0) return null;
	return (
		<section class="choice">
			<h2>{TITLES[kind]}</h2>
			{targets.map(({ to, match }) => (
				<Go key={to} to={to} class="choice-row">
					<span class="mute">{match.key ?? match.kind}</span>
					<b class="mono">{match.id}</b>
					<span>
						{plural(match.spans, "span")}, {plural(match.logs, "log")}
					</span>
					<span class="mute">
						{formatDate(nanos(match.first))} {formatClock(nanos(match.first))} ·{" "}
						{formatDuration(nanos(match.last) - nanos(match.first))}
					</span>
				</Go>
			))}
		</section>
	);
}

function asWhat(id: string): string {
	const { shape } = identify(id);
	return shape === "id" || shape === "query" || shape === "nothing"
		? "an ID under any key"
		: `a ${shape} and under any key`;
}
