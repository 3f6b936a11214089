import { Injectable } from '@nestjs/common';
import { RateLimitedError } from './failures.ts';
import { Metrics } from './metrics.ts';
import { ReadAllowance } from './read-allowance.ts';
import { Refusals } from './refusals.ts';

/** How much may be read at once; provided by the app. */
export abstract class ReadSettings {
  /** Large reads of one user, from when they begin until their answers have left. */
  abstract readonly perUser: number;
  /** Large reads of all users that the store works on. */
  abstract readonly concurrent: number;
  /** Bytes of all answers that have not left yet. */
  abstract readonly bytes: number;
  /** Bytes that one user may read in a second, sustained. */
  abstract readonly userBytesPerSecond: number;

  static of(settings: {
    readonly READS_PER_USER: number;
    readonly READS_AT_ONCE: number;
    readonly READ_BUDGET_MB: number;
    readonly READ_RATE_MB: number;
  }): ReadSettings {
    return {
      perUser: settings.READS_PER_USER,
      concurrent: settings.READS_AT_ONCE,
      bytes: settings.READ_BUDGET_MB * 1024 * 1024,
      userBytesPerSecond: settings.READ_RATE_MB * 1024 * 1024,
    };
  }
}

const MAX_WAITING_PER_USER = 100;
const MAX_WAITING = 2_000;
/** Longest wait for a place, in milliseconds. */
const WAIT_MS = 3_000;
const RETRY_AFTER_MS = 1_000;
/** Seconds of its rate that a user may read at once. */
const BURST_SECONDS = 4;

/** A place for one large read, held until its answer has left the process. */
export interface ReadPlace {
  /** The store has answered; the answer takes so many bytes. */
  answered(bytes: number): void;
  /** The answer has left, or never will. May be called more than once. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: (place: ReadPlace) => void;
  readonly refuse: (error: RateLimitedError) => void;
}

interface UserReads {
  /** Places that the user holds. */
  held: number;
  readonly waiting: Set<Waiting>;
}

/**
 * Bounds large reads: how many one user holds, how many the store works on, and
 * the bytes of answers that have not left the process. Reads beyond that wait for
 * a short time, the users in turn, and are refused when too many wait. Bounds also
 * the bytes that one user reads in a time: answers that have left are garbage that
 * takes memory until it is collected.
 */
@Injectable()
export class ReadBudget {
  /** Users who hold a place or wait for one; the user served last is the last. */
  readonly #users = new Map<string, UserReads>();
  readonly #allowance: ReadAllowance;
  #working = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(
    private readonly settings: ReadSettings,
    private readonly refusals: Refusals,
    metrics: Metrics,
  ) {
    const { userBytesPerSecond } = settings;
    this.#allowance = new ReadAllowance(userBytesPerSecond, BURST_SECONDS * userBytesPerSecond);
    const gauge = (name: string, help: string, value: () => number): void => {
      metrics.gauge({
        name,
        help,
        collect() {
          this.set(value());
        },
      });
    };
    gauge('chat_reads_in_flight', 'Large reads that the store works on.', () => this.#working);
    gauge('chat_reads_waiting', 'Large reads that wait for a place.', () => this.#waiting);
    gauge('chat_read_bytes', 'Bytes of large answers that have not left yet.', () => this.#bytes);
  }

  /**
   * Waits for a place.
   *
   * @param bytes the most that the answer may take
   * @param gone aborted when the client has gone
   * @returns undefined when the client has gone meanwhile
   * @throws RateLimitedError when too many wait, or no place is free in time
   */
  async enter(userId: string, bytes: number, gone: AbortSignal): Promise<ReadPlace | undefined> {
    if (gone.aborted) return undefined;
    const user = this.#users.get(userId) ?? { held: 0, waiting: new Set() };
    if (user.waiting.size >= MAX_WAITING_PER_USER) throw this.#refuse('user_reads');
    if (this.#waiting >= MAX_WAITING) throw this.#refuse('all_reads');
    this.#users.set(userId, user);
    const { promise, resolve, reject } = Promise.withResolvers<ReadPlace | undefined>();
    const waiting: Waiting = {
      bytes: Math.min(bytes, this.settings.bytes),
      enter: resolve,
      refuse: reject,
    };
    user.waiting.add(waiting);
    this.#waiting += 1;
    const giveUp = (settle: () => void): void => {
      if (!user.waiting.delete(waiting)) return;
      this.#waiting -= 1;
      this.#forgetIdle(userId, user);
      settle();
    };
    const timer = setTimeout(() => giveUp(() => reject(this.#refuse('read_wait'))), WAIT_MS);
    const leave = (): void => giveUp(() => resolve(undefined));
    gone.addEventListener('abort', leave);
    this.#admit();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
    }
  }

  /** Gives free places to those who wait, the users in turn. */
  #admit(): void {
    for (const [userId, user] of [...this.#users]) {
      if (this.#working >= this.settings.concurrent) return;
      const [next] = user.waiting;
      if (!next || user.held >= this.settings.perUser) continue;
      const waitMs = this.#allowance.waitMs(userId);
      if (waitMs > 0) {
        this.#refuseAll(userId, user, waitMs);
        continue;
      }
      // Nothing smaller overtakes it, or it might never have its turn.
      if (this.#bytes + next.bytes > this.settings.bytes) return;
      user.waiting.delete(next);
      this.#waiting -= 1;
      this.#users.delete(userId);
      this.#users.set(userId, user);
      next.enter(this.#place(userId, user, next.bytes));
    }
  }

  /** Refuses what waits of a user who has read too much. */
  #refuseAll(userId: string, user: UserReads, waitMs: number): void {
    for (const { refuse } of user.waiting) refuse(this.#refuse('user_read_bytes', waitMs));
    this.#waiting -= user.waiting.size;
    user.waiting.clear();
    this.#forgetIdle(userId, user);
  }

  #place(userId: string, user: UserReads, reserved: number): ReadPlace {
    let bytes = reserved;
    let state: 'working' | 'leaving' | 'released' = 'working';
    user.held += 1;
    this.#working += 1;
    this.#bytes += bytes;
    this.#allowance.charge(userId, reserved);
    const settle = (now: 'leaving' | 'released', held: number): void => {
      if (state === 'working') this.#working -= 1;
      state = now;
      this.#bytes += held - bytes;
      bytes = held;
    };
    return {
      answered: (taken) => {
        if (state !== 'working') return;
        this.#allowance.charge(userId, taken - reserved);
        settle('leaving', taken);
        this.#admit();
      },
      release: () => {
        if (state === 'released') return;
        settle('released', 0);
        user.held -= 1;
        this.#forgetIdle(userId, user);
        this.#admit();
      },
    };
  }

  #forgetIdle(userId: string, user: UserReads): void {
    if (user.held === 0 && user.waiting.size === 0) this.#users.delete(userId);
  }

  #refuse(
    limit: 'user_reads' | 'user_read_bytes' | 'all_reads' | 'read_wait',
    retryAfterMs = RETRY_AFTER_MS,
  ): RateLimitedError {
    this.refusals.count(limit);
    return new RateLimitedError('Too much is being read at once.', retryAfterMs);
  }
}
