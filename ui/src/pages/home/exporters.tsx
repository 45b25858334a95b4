//! Where to point exporters.

import type { JSX } from "preact";
import { Copy } from "../../widgets/controls";

/** The ports every Spoor has unless its configuration says otherwise. */
const GRPC_PORT = 4317;
const HTTP_PORT = 4318;

/** Says how an unchanged OpenTelemetry SDK finds this server. */
export function Exporters(): JSX.Element {
	const host = window.location.hostname || "127.0.0.1";
	const grpc = `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:${GRPC_PORT}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc`;
	const http = `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:${HTTP_PORT}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
	return (
		<section class="exporters">
			<h2>Point your exporters here</h2>
			<p class="mute">
				Any OpenTelemetry SDK or collector will do, unchanged. Logs and spans are kept, metrics are accepted.
			</p>
			<Snippet title="OTLP/gRPC" text={grpc} />
			<Snippet title="OTLP/HTTP" text={http} />
			<p class="mute">These are the usual ports; a configuration may name others.</p>
		</section>
	);
}

function Snippet({ title, text }: { title: string; text: string }): JSX.Element {
	return (
		<div class="snippet">
			<div class="snippet-head">
				<b>{title}</b>
				<Copy text={() => text}>Copy</Copy>
			</div>
			<pre class="mono">{text}</pre>
		</div>
	);
}
