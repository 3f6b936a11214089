import { HeadSubscriber, InMemoryHeads, type HeadListener } from '@chat/realtime';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { decodeHeads, HEAD_CHANNELS, isHeadChannel } from './head-channel.ts';

/**
 * Receives the heads of all rooms over the connection of the feed. Resubscribes after a reconnect,
 * and then reports a gap.
 */
export class RedisHeadSubscriber extends HeadSubscriber {
  readonly #logger = new Logger(RedisHeadSubscriber.name);
  readonly #heads = new InMemoryHeads();
  readonly #gapListeners = new Set<() => void>();

  /** @param redis the connection of the feed, from {@link connectRedis} */
  constructor(private readonly redis: Redis) {
    super();
    redis.on('ready', () => void this.#resubscribe());
    redis.on('message', (channel: string, text: string) => {
      if (isHeadChannel(channel)) this.#receive(channel, text);
    });
    if (redis.status === 'ready') void this.#resubscribe();
  }

  subscribe(listener: HeadListener): () => void {
    return this.#heads.subscribe(listener);
  }

  onGap(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#gapListeners.add(entry);
    return () => this.#gapListeners.delete(entry);
  }

  async #resubscribe(): Promise<void> {
    try {
      await this.redis.subscribe(...HEAD_CHANNELS);
    } catch {
      // Only a lost connection rejects it; the next one subscribes again.
      return;
    }
    for (const listener of this.#gapListeners) listener();
  }

  #receive(channel: string, text: string): void {
    const heads = decodeHeads(text);
    if (heads) this.#heads.publish(heads);
    else this.#logger.warn({ channel }, 'invalid heads ignored');
  }
}
