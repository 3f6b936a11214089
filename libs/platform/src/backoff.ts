const FIRST_MS = 50;
const LONGEST_MS = 5_000;

/** Milliseconds to wait before attempt `attempt` + 1: doubling, at most 5 s, with half of it jitter. */
export function backoffMs(attempt: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + Math.random() * (ceiling / 2));
}
