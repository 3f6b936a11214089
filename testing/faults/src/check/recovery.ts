import type { Observation } from './observation.ts';

/**
 * Returns the time from the end of the fault to the first acknowledgement of each sender, by user
 * and room, of a send or a change; undefined if there is none. Excludes the client library, which
 * does not report its attempts.
 */
export function recoveryTimes({
  sends,
  changes,
  fault,
}: Pick<Observation, 'sends' | 'changes' | 'fault'>): ReadonlyMap<string, number | undefined> {
  const attempted = sends.filter(({ attempts }) => attempts.length > 0);
  const bySender = Map.groupBy(attempted, senderOf);
  const changesBySender = Map.groupBy(changes, senderOf);
  return new Map(
    [...bySender].map(([sender, sendsOfSender]) => {
      const acks = [...sendsOfSender, ...(changesBySender.get(sender) ?? [])]
        .flatMap(({ attempts }) => attempts)
        .filter(({ outcome }) => outcome.kind === 'ok' && outcome.time >= fault.endedAt);
      const first = Math.min(...acks.map(({ outcome }) => outcome.time));
      return [sender, Number.isFinite(first) ? first - fault.endedAt : undefined];
    }),
  );
}

function senderOf({
  userId,
  roomId,
}: {
  readonly userId: string;
  readonly roomId: string;
}): string {
  return `${userId} in ${roomId}`;
}
