//! Starts the page.

import "@preact/signals";
import { render } from "preact";
import { App } from "./app";
import { startLocation } from "./base/location";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/flow.css";
import "./styles/panel.css";
import "./styles/search.css";
import "./styles/narrow.css";

startLocation();
const place = document.getElementById("app");
if (place) render(<App />, place);
