const INITIAL_MS = 50;
const MAX_MS = 5_000;

/**
 * Returns the delay before attempt `attempt` + 1, in milliseconds: exponential backoff of at most
 * 5 s, half of which is jitter.
 */
export function backoffMs(attempt: number): number {
  const ceiling = Math.min(MAX_MS, INITIAL_MS * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + Math.random() * (ceiling / 2));
}
