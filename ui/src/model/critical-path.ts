//! Which of a flow's spans are on its critical path, as the answer tells.

import type { FlowAnswer } from "./answers";
import type { FlowTree } from "./span-tree";

/** The ids of all spans on the critical path of a flow. */
export function criticalPath(flow: FlowAnswer, tree: FlowTree): Set<string> {
	const records = new Set(flow.critical_path.filter((part) => part.kind === "span").map((part) => part.record));
	const path = new Set<string>();
	for (const [id, node] of tree.nodes)
		if (node.kind === "span" && node.record && records.has(node.record.record)) path.add(id);
	return path;
}
