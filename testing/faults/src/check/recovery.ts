import { isAnswered } from './answered-changes.ts';
import type { Observation, Outcome, Send } from './observation.ts';
import { memberOf } from './request-order.ts';

/**
 * Returns how long after the end of the fault each sender (a user in a room) first got an answer:
 * the acknowledgement of a send or the final outcome of a change. The value is undefined if it got
 * none. Excludes the client library, which does not report its attempts.
 */
export function recoveryTimes({
  sends,
  changes,
  fault,
}: Pick<Observation, 'sends' | 'changes' | 'fault'>): ReadonlyMap<string, number | undefined> {
  const attempted = sends.filter(({ attempts }) => attempts.length > 0);
  const bySender = Map.groupBy(attempted, memberOf);
  const changesBySender = Map.groupBy(changes, memberOf);
  return new Map(
    [...bySender].map(([sender, sendsOfSender]) => {
      const sent = outcomesOf(sendsOfSender).filter(({ kind }) => kind === 'ok');
      const changed = outcomesOf(changesBySender.get(sender) ?? []).filter(isAnswered);
      const times = [...sent, ...changed].map(({ time }) => time);
      const first = Math.min(...times.filter((time) => time >= fault.endedAt));
      return [sender, Number.isFinite(first) ? first - fault.endedAt : undefined];
    }),
  );
}

function outcomesOf(requests: readonly Pick<Send, 'attempts'>[]): Outcome[] {
  return requests.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome));
}
