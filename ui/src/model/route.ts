//! Addresses ↔ routes. Everything a page shows that is worth sharing stands in its address.

/** A page, with what it shows. */
export type Route =
	| { page: "home" }
	| { page: "find"; id: string }
	| ({ page: "search" } & SearchParams)
	| ({ page: "flow"; key: string; id: string } & FlowParams)
	| { page: "services" }
	| { page: "unknown"; path: string };

/** What the explorer shows. */
export interface SearchParams {
	q: string;
	/** RFC 3339, a unix number or relative (`-15m`); "" for no bound. */
	start: string;
	end: string;
	signal: "logs" | "spans";
	/** The opened record. */
	selected: string;
	/** Came here because this text was no ID. */
	notId: boolean;
}

/** The picture a flow is shown as. */
export const VIEWS = ["timeline", "lanes", "events"] as const;

/** How instants are written. */
export const TIMES = ["start", "clock", "previous"] as const;

/** What the flow page shows. */
export interface FlowParams {
	view: (typeof VIEWS)[number];
	times: (typeof TIMES)[number];
	filter: string;
	errors: boolean;
	logs: boolean;
	compress: boolean;
	critical: boolean;
	/** A node of the flow; "" for the page's own choice (the cause), "none" for nothing. */
	selected: string;
	/** Show only this span and what is beneath it. */
	subtree: string;
	/** The zoomed range in nanoseconds since the epoch, as decimal strings. */
	zoom: { from: string; to: string } | null;
	/** The range asked of the server. */
	start: string;
	end: string;
}

/** The key under which traces are flows, too. */
export const TRACE_KEY = "trace_id";

const SEARCH: SearchParams = { q: "", start: "", end: "", signal: "logs", selected: "", notId: false };

const FLOW: FlowParams = {
	view: "timeline",
	times: "start",
	filter: "",
	errors: false,
	logs: true,
	compress: true,
	critical: true,
	selected: "",
	subtree: "",
	zoom: null,
	start: "",
	end: "",
};

/** The route to the explorer. */
export function searchRoute(params: Partial<SearchParams> = {}): Route {
	return { page: "search", ...SEARCH, ...params };
}

/** The route to a flow, or to a trace when the key says so. */
export function flowRoute(key: string, id: string, params: Partial<FlowParams> = {}): Route {
	return { page: "flow", key, id, ...FLOW, ...params };
}

/** Reads an address below the application's root. */
export function parseRoute(address: string): Route {
	const mark = address.indexOf("?");
	const path = mark < 0 ? address : address.slice(0, mark);
	const query = new URLSearchParams(mark < 0 ? "" : address.slice(mark));
	const parts = path.replace(/\/+$/, "").split("/").map(decode);
	const [page = "", first = "", second = ""] = parts;
	if (page === "" && parts.length === 1) return { page: "home" };
	if (page === "find" && parts.length === 1) return { page: "find", id: query.get("id") ?? "" };
	if (page === "search" && parts.length === 1) return searchRoute(searchParams(query));
	if (page === "services" && parts.length === 1) return { page: "services" };
	if (page === "trace" && first && parts.length === 2) return flowRoute(TRACE_KEY, first, flowParams(query));
	if (page === "flow" && first && second && parts.length === 3) return flowRoute(first, second, flowParams(query));
	return { page: "unknown", path };
}

/** Writes the address of a route; what is as usual is left out. */
export function formatRoute(route: Route): string {
	switch (route.page) {
		case "home":
			return "";
		case "find":
			return withQuery("find", [["id", route.id]]);
		case "services":
			return "services";
		case "unknown":
			return route.path;
		case "search":
			return withQuery("search", [
				["q", route.q],
				["start", route.start],
				["end", route.end],
				["signal", route.signal === "logs" ? "" : route.signal],
				["sel", route.selected],
				["not_id", route.notId ? "1" : ""],
			]);
		case "flow":
			return withQuery(flowPath(route.key, route.id), flowQuery(route));
	}
}

function flowPath(key: string, id: string): string {
	return key === TRACE_KEY ? `trace/${encode(id)}` : `flow/${encode(key)}/${encode(id)}`;
}

function flowQuery(route: FlowParams): [string, string][] {
	return [
		["view", route.view === FLOW.view ? "" : route.view],
		["times", route.times === FLOW.times ? "" : route.times],
		["filter", route.filter],
		["errors", route.errors ? "1" : ""],
		["logs", route.logs ? "" : "0"],
		["compress", route.compress ? "" : "0"],
		["critical", route.critical ? "" : "0"],
		["subtree", route.subtree],
		["sel", route.selected],
		["zoom", route.zoom ? `${route.zoom.from}-${route.zoom.to}` : ""],
		["start", route.start],
		["end", route.end],
	];
}

function searchParams(query: URLSearchParams): Partial<SearchParams> {
	return {
		q: query.get("q") ?? "",
		start: query.get("start") ?? "",
		end: query.get("end") ?? "",
		signal: query.get("signal") === "spans" ? "spans" : "logs",
		selected: query.get("sel") ?? "",
		notId: query.get("not_id") === "1",
	};
}

function flowParams(query: URLSearchParams): Partial<FlowParams> {
	const zoom = /^(\d{1,25})-(\d{1,25})$/.exec(query.get("zoom") ?? "");
	return {
		view: VIEWS.find((view) => view === query.get("view")) ?? FLOW.view,
		times: TIMES.find((times) => times === query.get("times")) ?? FLOW.times,
		filter: query.get("filter") ?? "",
		errors: query.get("errors") === "1",
		logs: query.get("logs") !== "0",
		compress: query.get("compress") !== "0",
		critical: query.get("critical") !== "0",
		subtree: query.get("subtree") ?? "",
		selected: query.get("sel") ?? "",
		zoom: zoom?.[1] && zoom[2] && BigInt(zoom[1]) < BigInt(zoom[2]) ? { from: zoom[1], to: zoom[2] } : null,
		start: query.get("start") ?? "",
		end: query.get("end") ?? "",
	};
}

function withQuery(path: string, pairs: [string, string][]): string {
	const query = new URLSearchParams(pairs.filter(([, value]) => value !== "")).toString();
	return query === "" ? path : `${path}?${query}`;
}

/** `.` and `..` would be resolved away by the browser even when percent-encoded; a NUL after them keeps them. */
function encode(part: string): string {
	return /^\.{1,2}$/.test(part) ? `${part}%00` : encodeURIComponent(part);
}

function decode(part: string): string {
	try {
		return decodeURIComponent(part).replace(/^(\.{1,2})\0$/, "$1");
	} catch {
		return part;
	}
}
