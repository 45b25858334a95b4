//! The records of a search, page after page.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { search } from "../../api/calls";
import type { ApiError } from "../../api/client";
import { asApiError, useCall } from "../../api/use-call";
import type { SearchAnswer } from "../../model/answers";
import type { AnyRecord } from "../../model/record";
import type { SearchRoute } from "./page";

const PAGE = 100;
/** The list stops growing here; the histogram's brush is the better way to go further. */
const RECORDS_MAX = 20_000;

/** A search as far as it has come. */
export interface Search {
	records: AnyRecord[];
	/** Where the next page begins; null at the end. */
	cursor: string | null;
	total: number | null;
	elapsedMs: number | null;
	loading: boolean;
	loadingMore: boolean;
	/** The list does not grow further, though there is more. */
	full: boolean;
	error: ApiError | null;
	/** A further page failed; what is there stays. */
	moreError: ApiError | null;
	more: () => void;
	reload: () => void;
}

interface Further {
	key: string;
	records: AnyRecord[];
	cursor: string | null;
	loading: boolean;
	error: ApiError | null;
}

/** Searches for what the route says. */
export function useSearch(route: SearchRoute): Search {
	const { q, start, end, signal } = route;
	const key = JSON.stringify([q, start, end, signal]);
	const first = useCall<SearchAnswer>(key, (abort) => search({ q, start, end, signal }, PAGE, "", abort));
	const [further, setFurther] = useState<Further>({ key: "", records: [], cursor: null, loading: false, error: null });
	const abort = useRef<AbortController | null>(null);
	const mine = further.key === key && first.answer !== null;
	const records = mine ? further.records : (first.answer?.records ?? []);
	const cursor = mine ? further.cursor : (first.answer?.cursor ?? null);
	const loadingMore = mine && further.loading;
	useEffect(() => () => abort.current?.abort(), [key]);

	const more = useCallback(() => {
		if (cursor === null || loadingMore || records.length >= RECORDS_MAX) return;
		const control = new AbortController();
		abort.current = control;
		setFurther({ key, records, cursor, loading: true, error: null });
		search({ q, start, end, signal }, PAGE, cursor, control.signal).then(
			(answer) =>
				setFurther({
					key,
					records: [...records, ...answer.records],
					cursor: answer.cursor,
					loading: false,
					error: null,
				}),
			(error: unknown) =>
				!control.signal.aborted && setFurther({ key, records, cursor, loading: false, error: asApiError(error) }),
		);
	}, [key, q, start, end, signal, records, cursor, loadingMore]);

	const reload = useCallback(() => {
		setFurther({ key: "", records: [], cursor: null, loading: false, error: null });
		first.reload();
	}, [first.reload]);
	return {
		records,
		cursor,
		more,
		reload,
		loadingMore,
		full: cursor !== null && records.length >= RECORDS_MAX,
		total: first.answer?.total ?? null,
		elapsedMs: first.answer?.stats.elapsed_ms ?? null,
		loading: first.loading,
		error: first.error,
		moreError: mine ? further.error : null,
	};
}
