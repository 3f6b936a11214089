import type { Attempt, Outcome, Send } from './observation.ts';

/** A request that has attempts: a send or a change. */
interface Request {
  readonly attempts: readonly Attempt[];
}

/** Describes a user in a room. */
export function memberOf({ userId, roomId }: Pick<Send, 'userId' | 'roomId'>): string {
  return `${userId} in ${roomId}`;
}

/** Returns the time of the first acknowledgement; undefined if there is none. */
export function acknowledgedAt({
  attempts,
}: {
  readonly attempts: readonly { readonly outcome: Pick<Outcome, 'kind' | 'time'> }[];
}): number | undefined {
  return attempts.find(({ outcome }) => outcome.kind === 'ok')?.outcome.time;
}

/** Whether a request was acknowledged before the first attempt of another: it must come first. */
export function precedes(earlier: Request, later: Request): boolean {
  const ackedAt = acknowledgedAt(earlier);
  const startedAt = later.attempts[0]?.startedAt;
  return ackedAt !== undefined && startedAt !== undefined && ackedAt < startedAt;
}
