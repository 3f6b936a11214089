import { useEffect, useState } from 'react';
import { explain } from '../ui/problem.ts';

export interface SearchState<Result> {
  /** Undefined until the first answer; those of the query before stay while the next is asked. */
  results: readonly Result[] | undefined;
  problem: string | undefined;
}

const PAUSE_MS = 200;

/**
 * Results for what is being typed, asked for after a short pause; answers that come late are
 * dropped. `search` must be the same function from render to render.
 */
export function useSearch<Result>(
  query: string,
  search: (query: string) => Promise<readonly Result[]>,
): SearchState<Result> {
  const [state, setState] = useState<SearchState<Result>>({
    results: undefined,
    problem: undefined,
  });

  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      search(query).then(
        (results) => current && setState({ results, problem: undefined }),
        (error: unknown) => current && setState({ results: [], problem: explain(error) }),
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [query, search]);

  return state;
}
