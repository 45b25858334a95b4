//! A call that failed, told so that the reader knows what to do.

import type { JSX } from "preact";
import type { ApiError } from "../../api/client";
import { Notice } from "../../widgets/states";

/** Says what failed, with a way to try again. */
export function Failure({ error, retry, what }: { error: ApiError; retry: () => void; what: string }): JSX.Element {
	const again = (
		<button type="button" class="pill" onClick={retry}>
			Try again
		</button>
	);
	if (error.status === 0) {
		return (
			<Notice tone="bad" title="The server does not answer" actions={again}>
				{what} could not be fetched. Is Spoor running, and is this page still reachable? Nothing is lost: exporters keep
				what they could not send.
			</Notice>
		);
	}
	if (error.status === 429 || error.status === 503 || error.status === 504) {
		return (
			<Notice tone="warn" title="The server is busy" actions={again}>
				{error.message}. A shorter range or a narrower query costs less.
			</Notice>
		);
	}
	return (
		<Notice tone="bad" title={`${what} could not be fetched`} actions={again}>
			{error.message} <span class="mute">({error.status || error.code})</span>
		</Notice>
	);
}
