import type { Observation } from './observation.ts';
import { recoveries } from './recovery.ts';

/** What a run amounted to. Times are in milliseconds. */
export interface Counts {
  /** Messages that somebody wanted sent. */
  readonly sent: number;
  readonly acknowledgedBefore: number;
  readonly acknowledgedDuring: number;
  readonly acknowledgedAfter: number;
  /** Attempts that were answered with an error. */
  readonly refused: number;
  readonly unanswered: number;
  /** Messages that needed more than one attempt. */
  readonly resent: number;
  readonly stored: number;
  /** Messages that were acknowledged and are not stored. */
  readonly lost: number;
  /** Events that were shown to clients. */
  readonly shown: number;
  /** Connections that ended before the run did. */
  readonly disconnects: number;
  /** The longest time without any acknowledgement, while senders were at work. */
  readonly longestSilenceMs: number;
  /** From the end of the fault until every sender was acknowledged once more; undefined: never. */
  readonly recoveredMs: number | undefined;
  /** From the end of the fault until every client held what the store holds; undefined: not in time. */
  readonly convergeMs: number | undefined;
  readonly peakRssMiB: number;
}

/** Of a run that broke off. */
export const NOTHING_COUNTED: Counts = {
  sent: 0,
  acknowledgedBefore: 0,
  acknowledgedDuring: 0,
  acknowledgedAfter: 0,
  refused: 0,
  unanswered: 0,
  resent: 0,
  stored: 0,
  lost: 0,
  shown: 0,
  disconnects: 0,
  longestSilenceMs: 0,
  recoveredMs: undefined,
  convergeMs: undefined,
  peakRssMiB: 0,
};

export function countsOf(observation: Observation): Counts {
  const { fault, sends, rooms, connections, processes, convergedAt } = observation;
  const attempts = sends.flatMap((send) => send.attempts);
  const acks = attempts.flatMap((one) => (one.outcome.kind === 'ok' ? [one.outcome] : []));
  const stored = new Set(rooms.flatMap(({ messages }) => messages.map(({ id }) => id)));
  return {
    sent: sends.length,
    acknowledgedBefore: acks.filter(({ at }) => at < fault.beganAt).length,
    acknowledgedDuring: acks.filter(({ at }) => at >= fault.beganAt && at < fault.endedAt).length,
    acknowledgedAfter: acks.filter(({ at }) => at >= fault.endedAt).length,
    refused: attempts.filter(({ outcome }) => outcome.kind === 'error').length,
    unanswered: attempts.filter(({ outcome }) => outcome.kind === 'no-answer').length,
    resent: sends.filter((send) => send.attempts.length > 1).length,
    stored: stored.size,
    lost: acks.filter(({ id }) => !stored.has(id)).length,
    shown: connections
      .flatMap(({ shown }) => Object.values(shown).flat())
      .filter(({ kind }) => kind === 'message').length,
    disconnects: connections.filter(({ closedAt }) => closedAt !== undefined).length,
    longestSilenceMs: longestSilence(acks.map(({ at }) => at)),
    recoveredMs: slowest([...recoveries(observation).values()]),
    convergeMs: convergedAt === undefined ? undefined : convergedAt - fault.endedAt,
    peakRssMiB: Math.round(
      Math.max(0, ...processes.map(({ peakRssBytes }) => peakRssBytes)) / 1024 / 1024,
    ),
  };
}

function longestSilence(times: readonly number[]): number {
  const inOrder = times.toSorted((a, b) => a - b);
  return Math.max(0, ...inOrder.map((at, index) => at - (inOrder[index - 1] ?? at)));
}

function slowest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length < times.length ? undefined : Math.max(0, ...known);
}
