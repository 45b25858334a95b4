//! Holds the order base ← model ← api ← widgets ← pages: a layer imports itself and what stands before it.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const LAYERS = ["base", "model", "api", "widgets", "pages"];
/** Packages a layer may name; anything not listed is refused. */
const PACKAGES = {
	base: ["@preact/signals"],
	model: [],
	api: ["preact/hooks"],
	widgets: ["preact", "preact/hooks", "@preact/signals"],
	pages: ["preact", "preact/hooks", "@preact/signals"],
	top: ["preact", "@preact/signals"],
};
/** `import … from "x"`, `import "x"`, `export … from "x"` at a line's start, and `import("x")` anywhere. */
const IMPORT = /(?:^(?:import|export)\b(?:[^"';]*\bfrom)?\s*|\bimport\s*\(\s*)"([^"]+)"/gm;
const TEST_PACKAGES = ["vitest", "preact"];

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");
const problems = [];

for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
	if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
	const file = join(entry.parentPath, entry.name);
	checkFile(file, relative(src, file), readFileSync(file, "utf8"));
}

function checkFile(file, name, text) {
	if (!text.startsWith("//!") && !text.startsWith("// @vitest-environment")) {
		problems.push(`${name}: the first line must be a //! header`);
	}
	const lines = text.split("\n").length;
	if (lines > 500) problems.push(`${name}: ${lines} lines; 500 is the limit`);
	const layer = layerOf(name);
	const isTest = /\.test\.tsx?$/.test(name);
	for (const [, specifier] of text.matchAll(IMPORT)) {
		if (specifier.startsWith(".")) {
			const target = relative(src, resolve(dirname(file), specifier));
			if (target.startsWith("..")) problems.push(`${name}: imports ${specifier} from outside src`);
			else checkArrow(name, layer, target);
		} else if (!PACKAGES[layer].includes(specifier) && !(isTest && TEST_PACKAGES.includes(specifier))) {
			problems.push(`${name}: ${layer} may not import ${specifier}`);
		}
	}
}

function checkArrow(name, layer, target) {
	if (layer === "top") return;
	if (LAYERS.indexOf(layerOf(target)) > LAYERS.indexOf(layer) || layerOf(target) === "top") {
		problems.push(`${name}: ${layer} may not import ${target}`);
	}
}

function layerOf(name) {
	const first = name.split(sep)[0];
	return LAYERS.includes(first) ? first : "top";
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
