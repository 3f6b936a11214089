/** What the load generator is told to do, one after the other. */
export type Step = 'enter' | 'throughput' | 'gather' | 'pace';

/** What became of everything that was sent in a step. */
export interface Account {
  readonly sent: number;
  readonly acknowledged: number;
  /** Times that a message was shown to a member, without repetitions. */
  readonly shown: number;
  /** `sent`, times the members of a room. */
  readonly toBeShown: number;
}

export interface Throughput extends Account {
  /** Acknowledged in the measured time, per second. */
  readonly acknowledgedPerSecond: number;
}

/** Times since the sender emitted, in milliseconds. */
export interface Pace extends Account {
  readonly toAcknowledged: Percentiles;
  /** Of every member of the room, the sender included. */
  readonly toShown: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** What each step answers. */
export interface StepResults {
  enter: undefined;
  throughput: Throughput;
  gather: undefined;
  pace: Pace;
}

export interface StepAnswer {
  readonly step: Step;
  readonly result?: unknown;
  readonly error?: string;
}

/** Sizes of the load; the document describes them. */
export const LOAD = {
  users: 200,
  throughput: { rooms: 20, membersPerRoom: 2, inFlightPerSocket: 8, warmUpMs: 2_000, ms: 8_000 },
  pace: { rooms: 20, membersPerRoom: 10, messagesPerSecond: 100, ms: 15_000 },
  /** How long everything that was sent may take to be acknowledged and shown. */
  settleMs: 30_000,
} as const;
