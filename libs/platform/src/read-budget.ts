import { Injectable } from '@nestjs/common';
import { RateLimitedError } from './failures.ts';
import { Metrics } from './metrics.ts';
import { ReadAllowance } from './read-allowance.ts';
import { Refusals } from './refusals.ts';
import { Shares } from './shares.ts';

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
/** The part of all bytes that one user may hold with more than one read. */
const USER_SHARE = 1 / 8;
/** How long an answer may take to leave before others get its bytes, in milliseconds. */
const LEAVES_WITHIN_MS = 1_000;

/** A place for one large read, held until its answer has left the process. */
export interface ReadPlace {
  /** The store has answered; the answer takes so many bytes. */
  answered(bytes: number): void;
  /**
   * The answer has been sent.
   *
   * @param cutOff ends it: it has not left for a second, and another read needs its bytes
   */
  sent(cutOff: () => void): void;
  /** The answer has left, or never will. May be called more than once. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: (place: ReadPlace) => void;
  readonly refuse: (error: RateLimitedError) => void;
}

/** What a user holds. */
interface Held {
  places: number;
  bytes: number;
}

/** An answer that has been sent and has not left. */
interface SentAnswer {
  readonly held: Held;
  /** As `performance.now()` counts. */
  readonly at: number;
  readonly end: () => void;
}

/**
 * Bounds large reads: how many one user holds, how many the store works on, and
 * the bytes of answers that have not left the process. Reads beyond that wait for
 * a short time, the users in turn.
 *
 * A few users cannot keep others out. Each has a share of the bytes; when no bytes
 * are left, a read that waits for some gets those of an answer that has not left for a
 * second, of the user who holds the most. When too many reads wait, the user with
 * the most of them is refused one.
 *
 * Bounds also the bytes that one user reads in a time: answers that have left are
 * garbage that takes memory until it is collected.
 */
@Injectable()
export class ReadBudget {
  readonly #waiting = new Shares<Waiting>();
  /** Users who wait; the next one to be served is the first. */
  readonly #turns = new Set<string>();
  readonly #held = new Map<string, Held>();
  /** The answer that was sent first is the first. */
  readonly #sent = new Set<SentAnswer>();
  readonly #allowance: ReadAllowance;
  readonly #userBytes: number;
  #working = 0;
  #bytes = 0;
  #reclaiming: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: ReadSettings,
    private readonly refusals: Refusals,
    metrics: Metrics,
  ) {
    const { bytes, userBytesPerSecond } = settings;
    this.#userBytes = bytes * USER_SHARE;
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
    gauge('chat_reads_waiting', 'Large reads that wait for a place.', () => this.#waiting.size);
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
    this.#makeRoomToWait(userId);
    const { promise, resolve, reject } = Promise.withResolvers<ReadPlace | undefined>();
    const waiting: Waiting = {
      bytes: Math.min(bytes, this.settings.bytes),
      enter: resolve,
      refuse: reject,
    };
    this.#waiting.add(userId, waiting);
    this.#turns.add(userId);
    const late = (): void => {
      if (this.#stopWaiting(userId, waiting)) reject(this.#refuse('read_wait'));
    };
    const leave = (): void => {
      if (this.#stopWaiting(userId, waiting)) resolve(undefined);
    };
    const timer = setTimeout(late, WAIT_MS);
    gone.addEventListener('abort', leave);
    this.#admit();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
    }
  }

  /** @throws RateLimitedError when too many wait, and no user has more of them than this one would */
  #makeRoomToWait(userId: string): void {
    const { size } = this.#waiting.of(userId);
    if (size >= MAX_WAITING_PER_USER) throw this.#refuse('user_reads');
    const { largest } = this.#waiting;
    if (this.#waiting.size < MAX_WAITING || largest === undefined) return;
    const newest = [...this.#waiting.of(largest)].at(-1);
    if (!newest || this.#waiting.of(largest).size <= size + 1) throw this.#refuse('all_reads');
    this.#stopWaiting(largest, newest);
    newest.refuse(this.#refuse('all_reads'));
  }

  /** @returns false when it did not wait any more */
  #stopWaiting(userId: string, waiting: Waiting): boolean {
    const waited = this.#waiting.delete(userId, waiting);
    if (this.#waiting.of(userId).size === 0) this.#turns.delete(userId);
    return waited;
  }

  /** Gives free places to those who wait, the users in turn. */
  #admit(): void {
    // A user who is served and waits on is met again at the end.
    for (const userId of this.#turns) {
      if (this.#working >= this.settings.concurrent) return;
      const [next] = this.#waiting.of(userId);
      if (!next || !this.#isWithinShare(userId, next.bytes)) continue;
      const waitMs = this.#allowance.waitMs(userId);
      if (waitMs > 0) {
        this.#refuseAll(userId, waitMs);
        continue;
      }
      // Nothing smaller overtakes it, or it might never have its turn.
      if (!this.#reclaim(next.bytes)) return;
      // The client of an answer that was ended for it may be its own.
      if (!this.#stopWaiting(userId, next)) continue;
      if (this.#turns.delete(userId)) this.#turns.add(userId);
      next.enter(this.#place(userId, next.bytes));
    }
  }

  /** Whatever it takes, a user may hold one read. */
  #isWithinShare(userId: string, bytes: number): boolean {
    const held = this.#held.get(userId);
    if (!held) return true;
    return held.places < this.settings.perUser && held.bytes + bytes <= this.#userBytes;
  }

  /** Refuses what waits of a user who has read too much. */
  #refuseAll(userId: string, waitMs: number): void {
    for (const waiting of this.#waiting.of(userId)) {
      this.#stopWaiting(userId, waiting);
      waiting.refuse(this.#refuse('user_read_bytes', waitMs));
    }
  }

  /** @returns whether so many bytes are free, if need be after answers have been ended that do not leave */
  #reclaim(bytes: number): boolean {
    while (this.#bytes + bytes > this.settings.bytes) {
      const slowest = this.#slowAnswer();
      if (!slowest) {
        this.#reclaimLater();
        return false;
      }
      this.refusals.count('read_not_taken');
      slowest.end();
    }
    return true;
  }

  /** Of the answers that have not left for long, the oldest of the user who holds the most bytes. */
  #slowAnswer(): SentAnswer | undefined {
    let slowest: SentAnswer | undefined;
    for (const answer of this.#sent) {
      if (performance.now() - answer.at < LEAVES_WITHIN_MS) break;
      if (!slowest || answer.held.bytes > slowest.held.bytes) slowest = answer;
    }
    return slowest;
  }

  /** Looks again when the oldest answer has not left for long; until then another read may end. */
  #reclaimLater(): void {
    const [oldest] = this.#sent;
    if (!oldest || this.#reclaiming) return;
    const dueMs = LEAVES_WITHIN_MS - (performance.now() - oldest.at);
    this.#reclaiming = setTimeout(() => {
      this.#reclaiming = undefined;
      this.#admit();
    }, Math.ceil(dueMs)).unref();
  }

  #place(userId: string, reserved: number): ReadPlace {
    const held = this.#held.get(userId) ?? { places: 0, bytes: 0 };
    this.#held.set(userId, held);
    held.places += 1;
    this.#working += 1;
    let bytes = 0;
    let state: 'working' | 'answered' | 'released' = 'working';
    let answer: SentAnswer | undefined;
    const take = (now: number): void => {
      this.#bytes += now - bytes;
      held.bytes += now - bytes;
      bytes = now;
    };
    const end = (): void => {
      if (state === 'working') this.#working -= 1;
      state = 'released';
      take(0);
      held.places -= 1;
      if (held.places === 0) this.#held.delete(userId);
      if (answer) this.#sent.delete(answer);
    };
    take(reserved);
    this.#allowance.charge(userId, reserved);
    return {
      answered: (taken) => {
        if (state !== 'working') return;
        state = 'answered';
        this.#working -= 1;
        this.#allowance.charge(userId, taken - reserved);
        take(taken);
        this.#admit();
      },
      sent: (cutOff) => {
        if (state !== 'answered' || answer) return;
        answer = {
          held,
          at: performance.now(),
          end: () => {
            end();
            cutOff();
          },
        };
        this.#sent.add(answer);
        // Others may wait for these bytes already.
        this.#admit();
      },
      release: () => {
        if (state === 'released') return;
        end();
        this.#admit();
      },
    };
  }

  #refuse(
    limit: 'user_reads' | 'user_read_bytes' | 'all_reads' | 'read_wait',
    retryAfterMs = RETRY_AFTER_MS,
  ): RateLimitedError {
    this.refusals.count(limit);
    return new RateLimitedError('Too much is being read at once.', retryAfterMs);
  }
}
