/** Steps of the load generator, in this order. */
export type Step = 'register' | 'warmUp' | 'connect' | 'pace' | 'disconnect' | 'throughput';

/** Counts of the sends in a step. */
export interface SendCounts {
  readonly sent: number;
  readonly acknowledged: number;
  /** Deliveries to members, without duplicates. */
  readonly shown: number;
  /** Expected deliveries: `sent` times the members of a room. */
  readonly toBeShown: number;
}

export interface Throughput extends SendCounts {
  /** Acknowledgements per second in the measured time. */
  readonly acknowledgedPerSecond: number;
}

/** Times since the sender emitted the message, in milliseconds. */
export interface Pace extends SendCounts {
  readonly toAcknowledged: Percentiles;
  /** Time until delivery to each member of the room, the sender included. */
  readonly toShown: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Result of each step. */
export interface StepResults {
  register: undefined;
  warmUp: undefined;
  connect: undefined;
  pace: Pace;
  disconnect: undefined;
  throughput: Throughput;
}

export interface StepResponse {
  readonly step: Step;
  readonly result?: unknown;
  readonly error?: string;
}

/** Sizes of the load, described in docs/performance.md. */
export const LOAD = {
  users: 200,
  warmUpMessages: 5_000,
  throughput: { rooms: 20, membersPerRoom: 2, inFlightPerSocket: 8, warmUpMs: 2_000, ms: 8_000 },
  pace: { rooms: 20, membersPerRoom: 10, messagesPerSecond: 100, ms: 15_000 },
  /** Time limit until every send is acknowledged and delivered. */
  settleMs: 30_000,
} as const;
