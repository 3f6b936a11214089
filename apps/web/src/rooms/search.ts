import { useEffect, useState } from 'react';
import { toUserMessage } from '../ui/user-message.ts';

export interface SearchState<Result> {
  /** Undefined until the first response; previous results stay until the next response. */
  results: readonly Result[] | undefined;
  errorMessage: string | undefined;
}

const DEBOUNCE_MS = 200;

/**
 * Searches while the user types, debounced by 200 ms; responses to outdated queries are dropped.
 * `search` must be the same function on every render.
 */
export function useSearch<Result>(
  query: string,
  search: (query: string) => Promise<readonly Result[]>,
): SearchState<Result> {
  const [state, setState] = useState<SearchState<Result>>({
    results: undefined,
    errorMessage: undefined,
  });

  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      search(query).then(
        (results) => current && setState({ results, errorMessage: undefined }),
        (error: unknown) =>
          current && setState({ results: [], errorMessage: toUserMessage(error) }),
      );
    }, DEBOUNCE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [query, search]);

  return state;
}
