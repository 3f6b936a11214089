import type { Observation } from './observation.ts';

/**
 * Returns the time from the end of the fault to the first acknowledgement of each sender, by user
 * and room; undefined if there is none. Excludes the client library, which does not report its
 * attempts.
 */
export function recoveryTimes({
  sends,
  fault,
}: Pick<Observation, 'sends' | 'fault'>): ReadonlyMap<string, number | undefined> {
  const attempted = sends.filter(({ attempts }) => attempts.length > 0);
  const bySender = Map.groupBy(attempted, ({ userId, roomId }) => `${userId} in ${roomId}`);
  return new Map(
    [...bySender].map(([sender, sendsOfSender]) => {
      const acks = sendsOfSender
        .flatMap(({ attempts }) => attempts)
        .filter(({ outcome }) => outcome.kind === 'ok' && outcome.time >= fault.endedAt);
      const first = Math.min(...acks.map(({ outcome }) => outcome.time));
      return [sender, Number.isFinite(first) ? first - fault.endedAt : undefined];
    }),
  );
}
