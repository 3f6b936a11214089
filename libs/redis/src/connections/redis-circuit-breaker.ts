import { withTimeout } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

/** Default timeout of a command. */
const COMMAND_TIMEOUT_MS = 100;
/** Interval of the probes while the circuit is open. */
const PROBE_INTERVAL_MS = 1_000;

/** Thrown when Redis is unavailable, or slower than the timeout. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/**
 * Circuit breaker for optional use of Redis: a command fails after 100 ms. After a failure the
 * circuit is open: one command per second probes Redis, and all others fail immediately. Each
 * state change is logged once.
 */
export class RedisCircuitBreaker {
  readonly #logger = new Logger(RedisCircuitBreaker.name);
  #isOpen = false;
  #nextProbeAt = 0;

  /**
   * @param redis a connection whose commands fail immediately while it is disconnected
   * @param timeoutMs timeout of a command
   */
  constructor(
    readonly redis: Redis,
    private readonly timeoutMs = COMMAND_TIMEOUT_MS,
  ) {}

  /**
   * Runs a command with the timeout.
   *
   * @throws RedisUnavailableError while the circuit is open, or when the command fails
   */
  async run<T>(command: () => Promise<T>): Promise<T> {
    if (this.#isOpen) this.#allowProbe();
    try {
      const result = await withTimeout(command(), this.timeoutMs);
      this.#close();
      return result;
    } catch (error) {
      this.#open(error);
      throw new RedisUnavailableError('the Redis command failed', { cause: error });
    }
  }

  /** @throws RedisUnavailableError unless this command may probe Redis: one per interval */
  #allowProbe(): void {
    const now = performance.now();
    if (now < this.#nextProbeAt) throw new RedisUnavailableError('the circuit is open');
    this.#nextProbeAt = now + PROBE_INTERVAL_MS;
  }

  #close(): void {
    if (this.#isOpen) this.#logger.log({ dependency: 'Redis' }, 'circuit breaker closed');
    this.#isOpen = false;
  }

  #open(error: unknown): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#nextProbeAt = performance.now() + PROBE_INTERVAL_MS;
    // Not the error itself: it may contain the command.
    const reason = error instanceof Error ? error.message : 'no response';
    const fields = { dependency: 'Redis', reason };
    this.#logger.warn(fields, 'circuit breaker opened; using local fallbacks');
  }
}
