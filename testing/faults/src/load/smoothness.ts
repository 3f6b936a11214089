import type { ReceivedEvent, Send } from '../check/observation.ts';

/** An acknowledgement or a message that takes longer than this indicates a disruption. */
const LATE_MS = 700;

/** Attempts of senders and events received by clients so far. */
export interface Traffic {
  /** Sends of each sender. */
  readonly sends: readonly (readonly Send[])[];
  /** Events of each client in each of its rooms, on the open connection. */
  readonly received: readonly (readonly ReceivedEvent[])[];
}

/**
 * Returns whether, since the given time, every sender got an acknowledgement, every client
 * received messages in each of its rooms, and no send or message was rejected, unanswered or late.
 */
export function isSmooth({ sends, received }: Traffic, since: number): boolean {
  return (
    sends.every((sendsOfSender) => acknowledgedSoon(sendsOfSender, since)) &&
    received.every((events) => receivedSoon(events, since))
  );
}

function acknowledgedSoon(sends: readonly Send[], since: number): boolean {
  const recent = sends
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome.time >= since);
  return (
    recent.length > 0 &&
    recent.every(
      ({ startedAt, outcome }) => outcome.kind === 'ok' && outcome.time - startedAt < LATE_MS,
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
