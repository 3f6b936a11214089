import { RETRYABLE_CODES } from '@chat/contracts';
import type { Attempt, ChangeRequest, Observation, Outcome } from './observation.ts';

const RETRYABLE: ReadonlySet<string> = RETRYABLE_CODES;

/**
 * Invariant 6 for changes: an attempt fails only with a retryable error, or with `NOT_FOUND` for a
 * message that a client deletes, or that another instance accepted and that may not be stored yet.
 */
export function* checkChangesAnswered(observation: Observation): Iterable<string> {
  const { changes, chatAvailable } = observation;
  const mayBeMissing = missingMessages(observation);
  for (const request of changes) {
    for (const attempt of request.attempts) {
      const { outcome } = attempt;
      const isNotFound = outcome.kind === 'error' && outcome.code === 'NOT_FOUND';
      if (isNotFound && mayBeMissing(request, attempt)) continue;
      yield* checkAnswered(request.name, outcome, chatAvailable);
    }
  }
}

/** Invariant 6 for an attempt: it is acknowledged, or rejected with a retryable code and a delay. */
export function* checkAnswered(
  name: string,
  outcome: Outcome,
  chatAvailable: boolean,
): Iterable<string> {
  if (outcome.kind === 'no-ack' && chatAvailable) yield `${name} got no acknowledgement`;
  if (outcome.kind !== 'error') return;
  const { code, retryAfterMs } = outcome;
  if (code === undefined) yield `${name} was rejected with no code`;
  else if (!RETRYABLE.has(code)) yield `${name} was rejected with ${code}`;
  else if (retryAfterMs === undefined) {
    yield `${name} was rejected with ${code} but no retryAfterMs`;
  }
}

/**
 * Whether an outcome of a change is final: acknowledged, or rejected with `NOT_FOUND` because its
 * message was deleted in the meantime.
 */
export function isAnswered(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'ok' || (outcome?.kind === 'error' && outcome.code === 'NOT_FOUND');
}

/** Returns whether the message of a request may be missing for one of its attempts. */
function missingMessages({
  changes,
  sends,
  connections,
}: Observation): (request: ChangeRequest, attempt: Attempt) => boolean {
  const deletedFrom = new Map<string, number>();
  for (const { messageId, change, attempts } of changes) {
    const startedAt = attempts[0]?.startedAt;
    if (change.kind !== 'delete' || startedAt === undefined) continue;
    deletedFrom.set(messageId, Math.min(startedAt, deletedFrom.get(messageId) ?? Infinity));
  }
  const storedBy = new Map<string, number>();
  for (const entry of connections.flatMap(({ received }) => Object.values(received).flat())) {
    if (entry.kind !== 'message') continue;
    const { id } = entry.message;
    storedBy.set(id, Math.min(entry.time, storedBy.get(id) ?? Infinity));
  }
  const acceptedOn = new Map<string, string>();
  for (const { connection, outcome } of sends.flatMap(({ attempts }) => attempts)) {
    if (outcome.kind === 'ok' && outcome.id !== undefined) acceptedOn.set(outcome.id, connection);
  }
  return ({ messageId }, { startedAt, connection, outcome }) =>
    (deletedFrom.get(messageId) ?? Infinity) <= outcome.time ||
    (startedAt < (storedBy.get(messageId) ?? Infinity) && acceptedOn.get(messageId) !== connection);
}
