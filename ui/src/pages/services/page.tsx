//! The services that sent something, with how much and how much of it was errors.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { services } from "../../api/calls";
import { useCall } from "../../api/use-call";
import { Segments } from "../../widgets/controls";
import { Skeleton } from "../../widgets/states";
import { Exporters } from "../home/exporters";
import { Failure } from "../shell/failure";
import { useTitle } from "../shell/title";
import { ServiceTable } from "./table";

const RANGES = [
	{ value: "-15m", text: "15 min" },
	{ value: "-1h", text: "1 h" },
	{ value: "-24h", text: "24 h" },
	{ value: "", text: "all" },
] as const;

/** The table, for a range. */
export function ServicesPage(): JSX.Element {
	useTitle("Services");
	const [start, setStart] = useState<string>("");
	const { answer, error, reload } = useCall(`services ${start}`, (signal) => services(start, "", signal));
	return (
		<main class="column wide">
			<div class="title-line">
				<h1 class="page-title">Services</h1>
				<Segments label="Range" options={RANGES} value={start} onChoose={setStart} />
			</div>
			{error && <Failure error={error} retry={reload} what="The services" />}
			{!answer && !error && <Skeleton rows={8} label="Fetching services" />}
			{answer && answer.services.length > 0 && <ServiceTable services={answer.services} start={start} />}
			{answer && answer.services.length === 0 && (
				<>
					<p class="mute">Nothing arrived {start === "" ? "yet" : "in this range"}.</p>
					<Exporters />
				</>
			)}
		</main>
	);
}
