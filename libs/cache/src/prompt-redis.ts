import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

/** Longest that anybody waits for Redis, unless told otherwise. */
const ANSWER_WITHIN_MS = 100;
/** After a failure Redis is left alone for so long; then a single command tries it. */
const RETRY_AFTER_MS = 1_000;

/** Redis is away, or too slow to be of use. */
export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';
}

/**
 * Redis for those who can do without it: it answers within 100 ms, or not at
 * all. While it is away or slow only one command a second finds out whether it
 * still is, and the others fail at once. Either change is logged once.
 */
export class PromptRedis {
  readonly #logger = new Logger(PromptRedis.name);
  #away = false;
  #triedAgainAt = 0;

  /**
   * @param redis a connection on which commands fail while it is away, instead of waiting
   * @param answerWithinMs longest that anybody waits for an answer
   */
  constructor(
    readonly redis: Redis,
    private readonly answerWithinMs = ANSWER_WITHIN_MS,
  ) {}

  /** @throws RedisAwayError */
  async ask<T>(command: () => Promise<T>): Promise<T> {
    if (this.#away) this.#beTheOneWhoTries();
    try {
      const answer = await inTime(command(), this.answerWithinMs);
      this.#answered();
      return answer;
    } catch (error) {
      this.#failed(error);
      throw new RedisAwayError('Redis has not answered.', { cause: error });
    }
  }

  #beTheOneWhoTries(): void {
    const now = performance.now();
    if (now < this.#triedAgainAt) throw new RedisAwayError('Redis is away.');
    this.#triedAgainAt = now + RETRY_AFTER_MS;
  }

  #answered(): void {
    if (this.#away) this.#logger.log('Redis answers again: limits and cache are shared.');
    this.#away = false;
  }

  #failed(error: unknown): void {
    if (this.#away) return;
    this.#away = true;
    this.#triedAgainAt = performance.now() + RETRY_AFTER_MS;
    // Not the error itself: it may carry the command.
    const reason = error instanceof Error ? error.message : 'no answer';
    this.#logger.warn(
      `Redis is away or slow (${reason}): this process limits by itself and reads from the store.`,
    );
  }
}

async function inTime<T>(answer: Promise<T>, withinMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // An answer that came while this process was busy is read first.
    setImmediate(() => {
      reject(new Error(`no answer within ${withinMs} ms`));
    });
  }, withinMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
