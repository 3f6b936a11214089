import { Injectable } from '@nestjs/common';
import { RateLimitedError } from '../failures/failures.ts';
import { Metrics } from '../monitoring/metrics.ts';
import { Refusals } from '../monitoring/refusals.ts';
import { ByteRateLimiter } from './byte-rate-limiter.ts';
import { ItemsByOwner } from './items-by-owner.ts';
import { ReadSettings } from './read-settings.ts';

const MAX_QUEUED_PER_USER = 100;
const MAX_QUEUED = 2_000;
/** Longest wait for a slot, in milliseconds. */
const WAIT_MS = 3_000;
const RETRY_AFTER_MS = 1_000;
/** Burst of a user, in seconds of the sustained rate. */
const BURST_SECONDS = 4;
/** Fraction of all bytes that one user may hold with more than one read. */
const USER_SHARE = 1 / 8;
/** Time after which an unsent response may be cut off to free its bytes, in milliseconds. */
const SLOW_AFTER_MS = 1_000;

/** Slot for one large read, held until its response has been sent completely. */
export interface ReadSlot {
  /** Reports that the store has responded, with the size of the response in bytes. */
  answered(bytes: number): void;
  /**
   * Reports that sending of the response has started.
   *
   * @param cutOff aborts the response; called when it has not been sent completely within a second
   * and another read needs its bytes
   */
  sent(cutOff: () => void): void;
  /** Frees the slot: the response was sent completely, or never will be. Idempotent. */
  release(): void;
}

interface QueuedRead {
  readonly bytes: number;
  readonly enter: (slot: ReadSlot) => void;
  readonly reject: (error: RateLimitedError) => void;
}

/** Slots and bytes that a user holds. */
interface Usage {
  slots: number;
  bytes: number;
}

/** Response that is being sent. */
interface SendingResponse {
  readonly usage: Usage;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly abort: () => void;
}

/**
 * Limits large reads: the reads of one user, the reads in the store, and the bytes of responses
 * that were not sent completely. Reads beyond these limits are queued for a short time; users are
 * served round-robin.
 *
 * A few users cannot block others. Each has a share of the bytes. When no bytes are left, a queued
 * read gets the bytes of a response that was not sent completely within a second, of the user who
 * holds the most: that response is cut off. When the queue is full, a read of the user with the
 * most queued reads is rejected.
 *
 * Also limits the bytes that one user reads per second: responses that were sent are garbage, which
 * takes memory until it is collected.
 */
@Injectable()
export class ReadBudget {
  readonly #queue = new ItemsByOwner<QueuedRead>();
  /** Users with queued reads, the next one to serve first. */
  readonly #queuedUsers = new Set<string>();
  readonly #usages = new Map<string, Usage>();
  /** Responses that are being sent, the oldest first. */
  readonly #sending = new Set<SendingResponse>();
  readonly #byteRates: ByteRateLimiter;
  readonly #userBytes: number;
  #inStore = 0;
  #bytes = 0;
  #reclaimTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: ReadSettings,
    private readonly refusals: Refusals,
    metrics: Metrics,
  ) {
    const { bytes, userBytesPerSecond } = settings;
    this.#userBytes = bytes * USER_SHARE;
    this.#byteRates = new ByteRateLimiter(userBytesPerSecond, BURST_SECONDS * userBytesPerSecond);
    const gauge = (name: string, help: string, value: () => number): void => {
      metrics.gauge({
        name,
        help,
        collect() {
          this.set(value());
        },
      });
    };
    gauge('chat_reads_in_flight', 'Large reads in the store.', () => this.#inStore);
    gauge('chat_reads_waiting', 'Large reads that wait for a slot.', () => this.#queue.size);
    gauge('chat_read_bytes', 'Bytes of large responses not sent completely.', () => this.#bytes);
  }

  /**
   * Waits for a slot.
   *
   * @param bytes maximum size of the response
   * @param disconnected aborts when the client disconnects
   * @returns undefined when the client has disconnected
   * @throws RateLimitedError when the queue is full, or no slot becomes free in time
   */
  async acquire(
    userId: string,
    bytes: number,
    disconnected: AbortSignal,
  ): Promise<ReadSlot | undefined> {
    if (disconnected.aborted) return undefined;
    this.#ensureQueueSpace(userId);
    const { promise, resolve, reject } = Promise.withResolvers<ReadSlot | undefined>();
    const read: QueuedRead = {
      bytes: Math.min(bytes, this.settings.bytes),
      enter: resolve,
      reject,
    };
    this.#queue.add(userId, read);
    this.#queuedUsers.add(userId);
    const expire = (): void => {
      if (this.#dequeue(userId, read)) reject(this.#failure('read_wait'));
    };
    const cancel = (): void => {
      if (this.#dequeue(userId, read)) resolve(undefined);
    };
    const timer = setTimeout(expire, WAIT_MS);
    disconnected.addEventListener('abort', cancel);
    this.#admit();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      disconnected.removeEventListener('abort', cancel);
    }
  }

  /** @throws RateLimitedError when the queue is full and no user has more queued reads */
  #ensureQueueSpace(userId: string): void {
    const { size } = this.#queue.of(userId);
    if (size >= MAX_QUEUED_PER_USER) throw this.#failure('user_reads');
    const { largestOwner } = this.#queue;
    if (this.#queue.size < MAX_QUEUED || largestOwner === undefined) return;
    const newest = [...this.#queue.of(largestOwner)].at(-1);
    if (!newest || this.#queue.of(largestOwner).size <= size + 1) throw this.#failure('all_reads');
    this.#dequeue(largestOwner, newest);
    newest.reject(this.#failure('all_reads'));
  }

  /** @returns false when the read is no longer queued */
  #dequeue(userId: string, read: QueuedRead): boolean {
    const wasQueued = this.#queue.delete(userId, read);
    if (this.#queue.of(userId).size === 0) this.#queuedUsers.delete(userId);
    return wasQueued;
  }

  /** Grants free slots to queued reads, users round-robin. */
  #admit(): void {
    // A user who is served and has more queued reads moves to the end of the set.
    for (const userId of this.#queuedUsers) {
      if (this.#inStore >= this.settings.concurrent) return;
      const [next] = this.#queue.of(userId);
      if (!next || !this.#isWithinShare(userId, next.bytes)) continue;
      const waitMs = this.#byteRates.waitMs(userId);
      if (waitMs > 0) {
        this.#rejectAll(userId, waitMs);
        continue;
      }
      // No smaller read may overtake this one, which might starve.
      if (!this.#reclaim(next.bytes)) return;
      // A response that was cut off for this read may belong to the same client.
      if (!this.#dequeue(userId, next)) continue;
      if (this.#queuedUsers.delete(userId)) this.#queuedUsers.add(userId);
      next.enter(this.#grant(userId, next.bytes));
    }
  }

  /** Returns whether the user may hold the bytes; one read of any size is always allowed. */
  #isWithinShare(userId: string, bytes: number): boolean {
    const usage = this.#usages.get(userId);
    if (!usage) return true;
    return usage.slots < this.settings.perUser && usage.bytes + bytes <= this.#userBytes;
  }

  /** Rejects all queued reads of a user who has read too many bytes. */
  #rejectAll(userId: string, waitMs: number): void {
    for (const read of this.#queue.of(userId)) {
      this.#dequeue(userId, read);
      read.reject(this.#failure('user_read_bytes', waitMs));
    }
  }

  /**
   * Frees bytes by cutting off slow responses, if necessary.
   *
   * @returns whether `bytes` are free
   */
  #reclaim(bytes: number): boolean {
    while (this.#bytes + bytes > this.settings.bytes) {
      const slowest = this.#slowResponse();
      if (!slowest) {
        this.#scheduleReclaim();
        return false;
      }
      this.refusals.count('read_not_taken');
      slowest.abort();
    }
    return true;
  }

  /** Returns the oldest slow response of the user who holds the most bytes among slow responses. */
  #slowResponse(): SendingResponse | undefined {
    let slowest: SendingResponse | undefined;
    for (const response of this.#sending) {
      if (performance.now() - response.startedAt < SLOW_AFTER_MS) break;
      if (!slowest || response.usage.bytes > slowest.usage.bytes) slowest = response;
    }
    return slowest;
  }

  /** Retries when the oldest response becomes slow; another read may end before that. */
  #scheduleReclaim(): void {
    const [oldest] = this.#sending;
    if (!oldest || this.#reclaimTimer) return;
    const dueMs = SLOW_AFTER_MS - (performance.now() - oldest.startedAt);
    this.#reclaimTimer = setTimeout(() => {
      this.#reclaimTimer = undefined;
      this.#admit();
    }, Math.ceil(dueMs)).unref();
  }

  #grant(userId: string, reserved: number): ReadSlot {
    const usage = this.#usages.get(userId) ?? { slots: 0, bytes: 0 };
    this.#usages.set(userId, usage);
    usage.slots += 1;
    this.#inStore += 1;
    let bytes = 0;
    let state: 'reading' | 'answered' | 'released' = 'reading';
    let response: SendingResponse | undefined;
    const setBytes = (newBytes: number): void => {
      this.#bytes += newBytes - bytes;
      usage.bytes += newBytes - bytes;
      bytes = newBytes;
    };
    const free = (): void => {
      if (state === 'reading') this.#inStore -= 1;
      state = 'released';
      setBytes(0);
      usage.slots -= 1;
      if (usage.slots === 0) this.#usages.delete(userId);
      if (response) this.#sending.delete(response);
    };
    setBytes(reserved);
    this.#byteRates.charge(userId, reserved);
    return {
      answered: (actual) => {
        if (state !== 'reading') return;
        state = 'answered';
        this.#inStore -= 1;
        this.#byteRates.charge(userId, actual - reserved);
        setBytes(actual);
        this.#admit();
      },
      sent: (cutOff) => {
        if (state !== 'answered' || response) return;
        response = {
          usage,
          startedAt: performance.now(),
          abort: () => {
            free();
            cutOff();
          },
        };
        this.#sending.add(response);
        // Queued reads may already need these bytes.
        this.#admit();
      },
      release: () => {
        if (state === 'released') return;
        free();
        this.#admit();
      },
    };
  }

  /** Counts a rejection by a limit, and returns its error. */
  #failure(
    limit: 'user_reads' | 'user_read_bytes' | 'all_reads' | 'read_wait',
    retryAfterMs = RETRY_AFTER_MS,
  ): RateLimitedError {
    this.refusals.count(limit);
    return new RateLimitedError('Too many large requests at the same time.', retryAfterMs);
  }
}
