import type { Message } from '@chat/contracts';
import { FeedPublisher } from '@chat/messages';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { encodeChanges, feedChannelOf } from './feed-channel.ts';

/** Most that waits for Redis to confirm it, in characters; what comes beyond that is dropped. */
const MAX_IN_FLIGHT = 8 * 1024 * 1024;

/**
 * Publishes stored batches on the channel of their room. A batch that Redis
 * does not take is dropped: edges find out by their checks of the heads.
 */
export class RedisFeedPublisher extends FeedPublisher {
  readonly #logger = new Logger(RedisFeedPublisher.name);
  #inFlight = 0;
  #dropping = false;

  /**
   * @param before sends what must arrive before a batch, over the same connection; not called
   * for a batch that is dropped, so that no more of it is in flight than batches are
   */
  constructor(
    private readonly redis: Redis,
    private readonly before?: (roomId: string, changes: readonly Message[]) => void,
  ) {
    super();
  }

  publish(roomId: string, changes: readonly Message[]): void {
    const text = encodeChanges(changes);
    if (this.#inFlight > 0 && this.#inFlight + text.length > MAX_IN_FLIGHT) {
      return this.#drop('too much waits for Redis');
    }
    this.#inFlight += text.length;
    this.before?.(roomId, changes);
    void this.redis
      .publish(feedChannelOf(roomId), text)
      .then(
        () => this.#taken(),
        (error: unknown) => this.#drop(error instanceof Error ? error.message : 'Redis is away'),
      )
      .finally(() => {
        this.#inFlight -= text.length;
      });
  }

  #taken(): void {
    if (this.#dropping) this.#logger.log('Stored messages are published to the feed again.');
    this.#dropping = false;
  }

  #drop(reason: string): void {
    if (!this.#dropping) {
      this.#logger.warn(
        `Stored messages are not published to the feed (${reason}); edges read them from the store.`,
      );
    }
    this.#dropping = true;
  }
}
