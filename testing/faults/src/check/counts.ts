import type { Observation } from './observation.ts';
import { recoveryTimes } from './recovery.ts';
import { acknowledgedAt } from './request-order.ts';

/** Counts and times of a run. Times are in milliseconds. */
export interface Counts {
  /** Messages that clients sent, each counted once. */
  readonly sent: number;
  readonly acknowledgedBefore: number;
  readonly acknowledgedDuring: number;
  readonly acknowledgedAfter: number;
  /** Attempts that were rejected with an error. */
  readonly refused: number;
  /** Attempts that got no acknowledgement in time. */
  readonly unanswered: number;
  /** Messages that needed more than one attempt. */
  readonly resent: number;
  /** Edits, deletions and reactions that clients requested, each counted once. */
  readonly changes: number;
  readonly changesAcknowledged: number;
  /** Requests to move a read position, each counted once. */
  readonly positions: number;
  readonly positionsAcknowledged: number;
  readonly stored: number;
  /** Messages that were acknowledged but are not stored. */
  readonly lost: number;
  /** Message events that clients received. */
  readonly shown: number;
  /** Connections that were closed before the end of the run. */
  readonly disconnects: number;
  /** Longest time between two consecutive acknowledgements, over all senders. */
  readonly longestSilenceMs: number;
  /** Time from the end of the fault until every sender got an acknowledgement; undefined: never. */
  readonly recoveredMs: number | undefined;
  /** Time from the end of the fault to convergence with the store; undefined after a timeout. */
  readonly convergeMs: number | undefined;
  readonly peakRssMiB: number;
}

/** Counts of an aborted run. */
export const EMPTY_COUNTS: Counts = {
  sent: 0,
  acknowledgedBefore: 0,
  acknowledgedDuring: 0,
  acknowledgedAfter: 0,
  refused: 0,
  unanswered: 0,
  resent: 0,
  changes: 0,
  changesAcknowledged: 0,
  positions: 0,
  positionsAcknowledged: 0,
  stored: 0,
  lost: 0,
  shown: 0,
  disconnects: 0,
  longestSilenceMs: 0,
  recoveredMs: undefined,
  convergeMs: undefined,
  peakRssMiB: 0,
};

/** Counts the events of a run. */
export function countsOf(observation: Observation): Counts {
  const { fault, sends, changes, rooms, connections, processes, convergedAt } = observation;
  const positions = observation.readPositions.requests;
  const attempts = sends.flatMap((send) => send.attempts);
  const acks = attempts.flatMap(({ outcome }) => (outcome.kind === 'ok' ? [outcome] : []));
  const stored = new Set(rooms.flatMap(({ messages }) => messages.map(({ id }) => id)));
  return {
    sent: sends.length,
    acknowledgedBefore: acks.filter(({ time }) => time < fault.startedAt).length,
    acknowledgedDuring: acks.filter(({ time }) => time >= fault.startedAt && time < fault.endedAt)
      .length,
    acknowledgedAfter: acks.filter(({ time }) => time >= fault.endedAt).length,
    refused: attempts.filter(({ outcome }) => outcome.kind === 'error').length,
    unanswered: attempts.filter(({ outcome }) => outcome.kind === 'no-ack').length,
    resent: sends.filter((send) => send.attempts.length > 1).length,
    changes: changes.length,
    changesAcknowledged: changes.filter((change) => acknowledgedAt(change) !== undefined).length,
    positions: positions.length,
    positionsAcknowledged: positions.filter((request) => acknowledgedAt(request) !== undefined)
      .length,
    stored: stored.size,
    lost: acks.filter(({ id }) => id === undefined || !stored.has(id)).length,
    shown: connections
      .flatMap(({ received }) => Object.values(received).flat())
      .filter(({ kind }) => kind === 'message').length,
    disconnects: connections.filter(({ closedAt }) => closedAt !== undefined).length,
    longestSilenceMs: longestSilence(acks.map(({ time }) => time)),
    recoveredMs: slowest([...recoveryTimes(observation).values()]),
    convergeMs: convergedAt === undefined ? undefined : convergedAt - fault.endedAt,
    peakRssMiB: Math.round(
      Math.max(0, ...processes.map(({ peakRssBytes }) => peakRssBytes)) / 1024 / 1024,
    ),
  };
}

function longestSilence(times: readonly number[]): number {
  const inOrder = times.toSorted((a, b) => a - b);
  return Math.max(0, ...inOrder.map((time, index) => time - (inOrder[index - 1] ?? time)));
}

function slowest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length < times.length ? undefined : Math.max(0, ...known);
}
