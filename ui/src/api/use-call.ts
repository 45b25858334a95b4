//! A call as state of a component: loading, an answer, or a failure. A newer call silences an older one.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "./client";

/** How a call stands. While a newer answer is on its way, or when it fails, the older one stays. */
export interface CallState<T> {
	answer: T | null;
	error: ApiError | null;
	loading: boolean;
	reload: () => void;
}

/** Makes a call whenever `key` changes; an empty key makes none. */
export function useCall<T>(key: string, make: (signal: AbortSignal) => Promise<T>): CallState<T> {
	const [state, setState] = useState<{ key: string; answer: T | null; error: ApiError | null }>({
		key: "",
		answer: null,
		error: null,
	});
	const [turn, setTurn] = useState(0);
	useEffect(() => {
		if (key === "") return;
		const abort = new AbortController();
		make(abort.signal).then(
			(answer) => !abort.signal.aborted && setState({ key, answer, error: null }),
			(error: unknown) => {
				if (abort.signal.aborted) return;
				// What was there stays, beside the failure to renew it.
				setState((before) => ({ key, answer: before.key === key ? before.answer : null, error: asApiError(error) }));
			},
		);
		return () => abort.abort();
	}, [key, turn]);
	const reload = useCallback(() => setTurn((before) => before + 1), []);
	const current = state.key === key;
	return {
		answer: current ? state.answer : null,
		error: current ? state.error : null,
		loading: key !== "" && !current,
		reload,
	};
}

/** Any failure as an ApiError. */
export function asApiError(error: unknown): ApiError {
	if (error instanceof ApiError) return error;
	return new ApiError(0, "internal", error instanceof Error ? error.message : String(error));
}
