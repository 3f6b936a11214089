import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

/** Maximum number of characters that Redis has not confirmed; texts beyond that are dropped. */
const MAX_IN_FLIGHT = 8 * 1024 * 1024;

/**
 * Publishes to Redis channels without waiting. A text that Redis does not accept is dropped; the
 * first drop and the recovery are logged.
 */
export class LossyPublisher {
  readonly #logger: Logger;
  #inFlight = 0;
  #dropping = false;

  /** @param messages log messages for the first drop, and for the recovery */
  constructor(
    private readonly redis: Redis,
    context: string,
    private readonly messages: { readonly failed: string; readonly recovered: string },
  ) {
    this.#logger = new Logger(context);
  }

  /**
   * Publishes a text; never throws.
   *
   * @param beforePublish sends commands that must arrive before the text, over the same connection.
   * Not called for a dropped text, so that its commands in flight are bounded as well
   */
  publish(channel: string, text: string, beforePublish?: () => void): void {
    if (this.#inFlight > 0 && this.#inFlight + text.length > MAX_IN_FLIGHT) {
      return this.#drop('too many unconfirmed batches');
    }
    this.#inFlight += text.length;
    beforePublish?.();
    void this.redis
      .publish(channel, text)
      .then(
        () => this.#recordSuccess(),
        (error: unknown) =>
          this.#drop(error instanceof Error ? error.message : 'Redis is unavailable'),
      )
      .finally(() => {
        this.#inFlight -= text.length;
      });
  }

  #recordSuccess(): void {
    if (this.#dropping) this.#logger.log(this.messages.recovered);
    this.#dropping = false;
  }

  #drop(reason: string): void {
    if (!this.#dropping) this.#logger.warn({ reason }, this.messages.failed);
    this.#dropping = true;
  }
}
