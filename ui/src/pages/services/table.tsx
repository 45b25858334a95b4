//! Services as a table that can be sorted.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatCount } from "../../base/text";
import type { ServiceSummary } from "../../model/answers";
import { fieldTerm } from "../../model/filter";
import { assignColours } from "../../model/palette";
import { formatRoute, searchRoute } from "../../model/route";
import { Go } from "../../widgets/controls";
import { Swatch } from "../record/swatch";

type Column = "name" | "owner" | "span_count" | "log_count" | "error_count";

const COLUMNS: [Column, string][] = [
	["name", "service"],
	["owner", "owner"],
	["span_count", "spans"],
	["log_count", "logs"],
	["error_count", "errors"],
];

/** The table; every number leads to the records it counts. */
export function ServiceTable({ services, start }: { services: ServiceSummary[]; start: string }): JSX.Element {
	const [by, setBy] = useState<Column>("error_count");
	const colours = assignColours(services.map((service) => service.name));
	const sorted = [...services].sort((a, b) => compare(a, b, by));
	return (
		<table class="table">
			<thead>
				<tr>
					{COLUMNS.map(([column, title]) => (
						<th
							key={column}
							class={column.endsWith("count") ? "num" : ""}
							aria-sort={by === column ? "descending" : "none"}
						>
							<button type="button" class="bare" onClick={() => setBy(column)}>
								{title}
								{by === column ? " ↓" : ""}
							</button>
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{sorted.map((service) => {
					const term = fieldTerm("service", service.name);
					const to = (q: string, signal: "logs" | "spans"): string => formatRoute(searchRoute({ q, signal, start }));
					return (
						<tr key={service.name}>
							<td>
								<Swatch colour={colours.get(service.name)} /> <b>{service.name || "(no name)"}</b>
							</td>
							<td class="mute">{service.owner ?? "—"}</td>
							<td class="num">
								<Go to={to(term, "spans")}>{formatCount(service.span_count)}</Go>
							</td>
							<td class="num">
								<Go to={to(term, "logs")}>{formatCount(service.log_count)}</Go>
							</td>
							<td class="num">
								{service.error_count > 0 ? (
									<Go class="bad" to={to(`${term} severity:>=error`, "logs")}>
										{formatCount(service.error_count)}
									</Go>
								) : (
									<span class="mute">0</span>
								)}
							</td>
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}

function compare(a: ServiceSummary, b: ServiceSummary, by: Column): number {
	if (by === "name") return a.name.localeCompare(b.name);
	if (by === "owner") return (a.owner ?? "\uffff").localeCompare(b.owner ?? "\uffff") || a.name.localeCompare(b.name);
	return b[by] - a[by] || a.name.localeCompare(b.name);
}
