import type { Send, Shown } from '../check/observation.ts';

/** An acknowledgement or a message that takes longer than this shows a disturbance. */
const SOON_MS = 700;

/** What servers answered to senders and showed to clients until now. */
export interface Traffic {
  /** Sends of each sender. */
  readonly sends: readonly (readonly Send[])[];
  /** Events of each client in each of its rooms, on the connection that is open. */
  readonly shown: readonly (readonly Shown[])[];
}

/**
 * Returns whether every sender was acknowledged and every client was shown messages of each of its
 * rooms since a time, and nothing was refused, unanswered or late since then.
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
      ({ startedAt, outcome }) => outcome.kind === 'ok' && outcome.at - startedAt < SOON_MS,
    )
  );
}

function shownSoon(shown: readonly Shown[], since: number): boolean {
  const recent = shown.flatMap((entry) =>
    entry.kind === 'message' && entry.at >= since ? [entry] : [],
  );
  return (
    recent.length > 0 &&
    recent.every(({ at, message }) => at - Date.parse(message.timestamp) < SOON_MS)
  );
}
