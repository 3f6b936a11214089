import { isAnswered } from '../check/answered-changes.ts';
import type { Attempt, ReceivedEvent } from '../check/observation.ts';

/** An acknowledgement or a message that takes longer than this indicates a disruption. */
const LATE_MS = 700;

/** A send or a change. */
interface AttemptedRequest {
  readonly attempts: readonly Attempt[];
}

/** Attempts of senders and events received by clients so far. */
export interface Traffic {
  /** Sends and changes of each sender. */
  readonly requests: readonly (readonly AttemptedRequest[])[];
  /** Events of each client in each of its rooms, on the open connection. */
  readonly received: readonly (readonly ReceivedEvent[])[];
}

/**
 * Returns whether, since the given time, every sender got an acknowledgement, every client
 * received messages in each of its rooms, and no request or message was rejected, unanswered or late.
 */
export function isSmooth({ requests, received }: Traffic, since: number): boolean {
  return (
    requests.every((requestsOfSender) => acknowledgedSoon(requestsOfSender, since)) &&
    received.every((events) => receivedSoon(events, since))
  );
}

function acknowledgedSoon(requests: readonly AttemptedRequest[], since: number): boolean {
  const recent = requests
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome.time >= since);
  return (
    recent.length > 0 &&
    recent.every(
      ({ startedAt, outcome }) => isAnswered(outcome) && outcome.time - startedAt < LATE_MS,
    )
  );
}

function receivedSoon(received: readonly ReceivedEvent[], since: number): boolean {
  const recent = received.flatMap((entry) =>
    entry.kind === 'message' && entry.time >= since ? [entry] : [],
  );
  return (
    recent.length > 0 &&
    recent.every(({ time, message }) => time - Date.parse(message.timestamp) < LATE_MS)
  );
}
