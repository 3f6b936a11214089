import type { Send, Shown } from '../check/observation.ts';

/** An acknowledgement or a message that takes longer than this shows a disturbance. */
const LATE_MS = 700;

/** Answers to senders and events of clients so far. */
export interface Traffic {
  /** Sends of each sender. */
  readonly sends: readonly (readonly Send[])[];
  /** Events of each client in each of its rooms, on the open connection. */
  readonly shown: readonly (readonly Shown[])[];
}

/**
 * Returns whether, since the given time, every sender was acknowledged, every client received
 * messages in each of its rooms, and no send or message was refused, unanswered or late.
 */
export function isSmooth({ sends, shown }: Traffic, since: number): boolean {
  return (
    sends.every((ofOne) => acknowledgedSoon(ofOne, since)) &&
    shown.every((ofOne) => shownSoon(ofOne, since))
  );
}

function acknowledgedSoon(sends: readonly Send[], since: number): boolean {
  const recent = sends
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome.at >= since);
  return (
    recent.length > 0 &&
    recent.every(
      ({ startedAt, outcome }) => outcome.kind === 'ok' && outcome.at - startedAt < LATE_MS,
    )
  );
}

function shownSoon(shown: readonly Shown[], since: number): boolean {
  const recent = shown.flatMap((entry) =>
    entry.kind === 'message' && entry.at >= since ? [entry] : [],
  );
  return (
    recent.length > 0 &&
    recent.every(({ at, message }) => at - Date.parse(message.timestamp) < LATE_MS)
  );
}
