//! Unit tests: pure code needs no DOM; a test that does asks for it in its first line.

import { defineConfig } from "vitest/config";

export default defineConfig({
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
