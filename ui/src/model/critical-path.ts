//! The spans that made a trace take as long as it did: shortening any other would not have ended it earlier.
//!
//! Walks back from a span's end: the child that ended last before the cursor is on the path, then the one that ended
//! last before that child began, and so on. Children that outlive their parent did not hold it up beyond its end.

import type { FlowTree, SpanNode } from "./span-tree";

/** The ids of all spans on a critical path, over all traces of a flow. */
export function criticalPath(tree: FlowTree): Set<string> {
	const path = new Set<string>();
	const stack: SpanNode[] = [];
	for (const trace of tree.traces) {
		const roots = trace.items.filter((item) => item.kind === "span");
		const longest = roots.reduce<SpanNode | null>(
			(best, root) => (!best || root.end - root.start > best.end - best.start ? root : best),
			null,
		);
		if (longest) stack.push(longest);
	}
	for (let node = stack.pop(); node; node = stack.pop()) {
		if (node.record) path.add(node.id);
		let cursor = node.end;
		const children = node.items.filter((item) => item.kind === "span").sort((a, b) => b.end - a.end);
		for (const child of children) {
			if (child.end > cursor || child.start >= cursor || child.end <= node.start) continue;
			stack.push(child);
			cursor = child.start;
		}
	}
	return path;
}
