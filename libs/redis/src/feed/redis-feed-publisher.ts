import { FeedPublisher, type RoomChange } from '@chat/messages';
import type { Redis } from 'ioredis';
import { encodeChanges, feedChannelOf } from './feed-channel.ts';
import { LossyPublisher } from './lossy-publisher.ts';

/**
 * Publishes stored batches to the channel of their room. A batch that Redis does not accept is
 * dropped: `chat` processes detect the gap when they poll the room heads.
 */
export class RedisFeedPublisher extends FeedPublisher {
  readonly #publisher: LossyPublisher;

  /**
   * @param beforePublish sends commands that must arrive before a batch, over the same connection.
   * Not called for a dropped batch, so that its commands in flight are bounded as well
   */
  constructor(
    redis: Redis,
    private readonly beforePublish?: (roomId: string, changes: readonly RoomChange[]) => void,
  ) {
    super();
    this.#publisher = new LossyPublisher(redis, RedisFeedPublisher.name, {
      failed: 'feed publishing failed; subscribers read from the store',
      recovered: 'feed publishing works again',
    });
  }

  publish(roomId: string, changes: readonly RoomChange[]): void {
    this.#publisher.publish(feedChannelOf(roomId), encodeChanges(changes), () =>
      this.beforePublish?.(roomId, changes),
    );
  }
}
