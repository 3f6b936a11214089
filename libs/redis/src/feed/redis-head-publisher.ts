import { HeadPublisher, type PublishedHead } from '@chat/messages';
import type { Redis } from 'ioredis';
import { headChannelOf } from './head-channel.ts';
import { LossyPublisher } from './lossy-publisher.ts';

/** Publishes heads of rooms to the channels of their partitions; drops those Redis rejects. */
export class RedisHeadPublisher extends HeadPublisher {
  readonly #publisher: LossyPublisher;

  constructor(redis: Redis) {
    super();
    this.#publisher = new LossyPublisher(redis, RedisHeadPublisher.name, {
      failed: 'publishing heads of rooms failed; clients see them when they list their rooms',
      recovered: 'publishing heads of rooms works again',
    });
  }

  publish(heads: readonly PublishedHead[]): void {
    const byChannel = Map.groupBy(heads, ({ roomId }) => headChannelOf(roomId));
    for (const [channel, batch] of byChannel) {
      this.#publisher.publish(channel, JSON.stringify(batch));
    }
  }
}
