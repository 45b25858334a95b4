//! The frame that stays, and the page the address asks for.

import type { JSX } from "preact";
import { address } from "./base/location";
import { parseRoute, type Route } from "./model/route";
import { FindPage } from "./pages/find/page";
import { FlowPage } from "./pages/flow/page";
import { HomePage } from "./pages/home/page";
import { SearchPage } from "./pages/search/page";
import { ServicesPage } from "./pages/services/page";
import { Header } from "./pages/shell/header";
import { UnknownPage } from "./pages/shell/unknown";
import { Toast } from "./widgets/toast";

/** The application. */
export function App(): JSX.Element {
	const route = parseRoute(address.value);
	return (
		<>
			<Header route={route} />
			<Page route={route} />
			<Toast />
		</>
	);
}

function Page({ route }: { route: Route }): JSX.Element {
	switch (route.page) {
		case "home":
			return <HomePage />;
		case "find":
			return <FindPage id={route.id} />;
		case "search":
			return <SearchPage route={route} />;
		case "flow":
			return <FlowPage key={`${route.key} ${route.id}`} route={route} />;
		case "services":
			return <ServicesPage />;
		case "unknown":
			return <UnknownPage path={route.path} />;
	}
}
