// @vitest-environment happy-dom
//! The address below whatever prefix the page is served under.

import { beforeEach, expect, test } from "vitest";
import { address, go, hrefOf, startLocation } from "./location";

beforeEach(() => {
	window.location.href = "http://localhost/some/prefix/flow/order.id/ord-1?view=lanes";
	document.head.innerHTML = '<base href="../../">';
	startLocation();
});

test("is read without the prefix and written with it", () => {
	expect(address.value).toBe("flow/order.id/ord-1?view=lanes");
	expect(hrefOf("services")).toBe("/some/prefix/services");
	go("trace/4bf9");
	expect(window.location.pathname).toBe("/some/prefix/trace/4bf9");
	expect(address.value).toBe("trace/4bf9");
});
