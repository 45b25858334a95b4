//! How the page is built: one small bundle with relative addresses, so that it works behind any path prefix.

import { defineConfig } from "vite";

export default defineConfig({
	base: "./",
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	build: {
		target: "es2022",
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
	},
	server: { proxy: { "/api": "http://127.0.0.1:16686" } },
});
