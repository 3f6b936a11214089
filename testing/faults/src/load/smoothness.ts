import { isAnswered } from '../check/answered-changes.ts';
import type { Attempt, Outcome, ReceivedEvent } from '../check/observation.ts';

/** An acknowledgement or a message that takes longer than this indicates a disruption. */
const LATE_MS = 700;

/** Requests of a sender so far. */
export interface SenderTraffic {
  readonly name: string;
  /** Sends and changes. */
  readonly requests: readonly { readonly attempts: readonly Attempt[] }[];
}

/** Events of a client in one of its rooms, on the open connection. */
export interface ReceiverTraffic {
  readonly name: string;
  readonly received: readonly ReceivedEvent[];
}

/** Attempts of senders and events received by clients so far. */
export interface Traffic {
  readonly senders: readonly SenderTraffic[];
  readonly receivers: readonly ReceiverTraffic[];
}

/**
 * Returns what did not run smoothly since the given time, one line for each sender and receiver:
 * a sender that got no acknowledgement, a client that received no message in one of its rooms, and
 * requests or messages that were rejected, unanswered or late. Empty if all was smooth.
 */
export function disruptionsOf({ senders, receivers }: Traffic, since: number): string[] {
  return [
    ...senders.map((sender) => disruptionOfSender(sender, since)),
    ...receivers.map((receiver) => disruptionOfReceiver(receiver, since)),
  ].filter((disruption) => disruption !== undefined);
}

function disruptionOfSender({ name, requests }: SenderTraffic, since: number): string | undefined {
  const recent = requests
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome.time >= since);
  if (recent.length === 0) return `${name} got no answer`;
  const disrupted = recent.find(
    ({ startedAt, outcome }) => !isAnswered(outcome) || outcome.time - startedAt >= LATE_MS,
  );
  return disrupted && `${name} ${answer(disrupted)}`;
}

function answer({ startedAt, outcome }: Attempt): string {
  return `${resultOf(outcome)} after ${outcome.time - startedAt} ms`;
}

function resultOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'ok':
      return 'was acknowledged';
    case 'error':
      return `was rejected with ${outcome.code ?? 'no code'}`;
    case 'no-ack':
      return 'gave up';
  }
}

function disruptionOfReceiver(
  { name, received }: ReceiverTraffic,
  since: number,
): string | undefined {
  const delays = received.flatMap((entry) =>
    entry.kind === 'message' && entry.time >= since
      ? [entry.time - Date.parse(entry.message.timestamp)]
      : [],
  );
  if (delays.length === 0) return `${name} received no message`;
  const late = delays.find((delay) => delay >= LATE_MS);
  return late === undefined ? undefined : `${name} received a message after ${late} ms`;
}
