import { FeedPublisher, type RoomChange } from '@chat/messages';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { encodeChanges, feedChannelOf } from './feed-channel.ts';

/** Maximum number of characters that Redis has not confirmed; batches beyond that are dropped. */
const MAX_IN_FLIGHT = 8 * 1024 * 1024;

/**
 * Publishes stored batches to the channel of their room. A batch that Redis does not accept is
 * dropped: `chat` processes detect the gap when they poll the room heads.
 */
export class RedisFeedPublisher extends FeedPublisher {
  readonly #logger = new Logger(RedisFeedPublisher.name);
  #inFlight = 0;
  #dropping = false;

  /**
   * @param beforePublish sends commands that must arrive before a batch, over the same connection.
   * Not called for a dropped batch, so that its commands in flight are bounded as well
   */
  constructor(
    private readonly redis: Redis,
    private readonly beforePublish?: (roomId: string, changes: readonly RoomChange[]) => void,
  ) {
    super();
  }

  publish(roomId: string, changes: readonly RoomChange[]): void {
    const text = encodeChanges(changes);
    if (this.#inFlight > 0 && this.#inFlight + text.length > MAX_IN_FLIGHT) {
      return this.#drop('too many unconfirmed batches');
    }
    this.#inFlight += text.length;
    this.beforePublish?.(roomId, changes);
    void this.redis
      .publish(feedChannelOf(roomId), text)
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
    if (this.#dropping) this.#logger.log('feed publishing works again');
    this.#dropping = false;
  }

  #drop(reason: string): void {
    if (!this.#dropping) {
      this.#logger.warn({ reason }, 'feed publishing failed; subscribers read from the store');
    }
    this.#dropping = true;
  }
}
