//! What the parts of the flow page share: the flow, what is derived from it, and the ways to change the address.

import type { FlowAnswer } from "../../model/answers";
import type { Clock } from "../../model/clock";
import type { FlowParams } from "../../model/route";
import type { FlowNode, FlowTree } from "../../model/span-tree";
import type { Choice, VisibleRows } from "../../model/visible-rows";
import type { FlowRoute } from "./page";

/** One flow as one reader sees it. */
export interface Scene {
	flow: FlowAnswer;
	route: FlowRoute;
	tree: FlowTree;
	/** Palette numbers by service. */
	colours: Map<string, number>;
	/** The whole flow's clock, and the part of it in sight. */
	clock: Clock;
	sight: Clock;
	/** The part in sight as offsets. */
	zoom: { from: number; to: number };
	visible: VisibleRows;
	/** Ids of spans on a critical path. */
	critical: ReadonlySet<string>;
	collapsed: ReadonlySet<string>;
	choice: Choice;
	selected: FlowNode | null;
	/** Changes what the address says. */
	patch: (change: Partial<FlowParams>, how?: "push" | "replace") => void;
	select: (node: FlowNode | null) => void;
	/** Brings a range of offsets in sight. */
	zoomTo: (from: number, to: number) => void;
	setCollapsed: (ids: ReadonlySet<string>) => void;
}
