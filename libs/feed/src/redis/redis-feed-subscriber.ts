import { FeedSubscriber, type FeedListener } from '@chat/realtime';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { decodeChanges, feedChannelOf, roomOfFeedChannel } from './feed-channel.ts';

/** Longest that a subscription keeps its caller waiting for Redis. */
const CONFIRM_WITHIN_MS = 500;
/** Channels in one command when all are subscribed anew. */
const CHANNELS_AT_ONCE = 1_000;

interface RoomSubscription {
  readonly listeners: Set<FeedListener>;
  /** Settles with whether Redis has confirmed. */
  confirmed: Promise<boolean>;
}

/**
 * Hears the feed over one connection that does nothing else. It subscribes
 * anew by itself when Redis is back, and then tells of the gap.
 */
export class RedisFeedSubscriber extends FeedSubscriber {
  readonly #logger = new Logger(RedisFeedSubscriber.name);
  readonly #rooms = new Map<string, RoomSubscription>();
  readonly #gapListeners = new Set<() => void>();
  #gapIsDue = false;

  /** @param redis a connection of its own, of {@link connectRedis} */
  constructor(private readonly redis: Redis) {
    super();
    redis.on('ready', () => void this.#subscribeAnew());
    redis.on('message', (channel: string, text: string) => this.#hear(channel, text));
  }

  async subscribe(roomId: string, listener: FeedListener): Promise<() => void> {
    const room = this.#rooms.get(roomId) ?? this.#open(roomId);
    // A wrapper of its own, so that the same function may listen twice.
    const entry: FeedListener = (changes) => listener(changes);
    room.listeners.add(entry);
    await this.#confirmedInTime(room);
    return () => {
      room.listeners.delete(entry);
      if (room.listeners.size === 0) this.#close(roomId, room);
    };
  }

  onGap(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#gapListeners.add(entry);
    return () => this.#gapListeners.delete(entry);
  }

  #open(roomId: string): RoomSubscription {
    const confirmed = this.#confirm([feedChannelOf(roomId)]);
    const room: RoomSubscription = { listeners: new Set(), confirmed };
    this.#rooms.set(roomId, room);
    return room;
  }

  #close(roomId: string, room: RoomSubscription): void {
    if (this.#rooms.get(roomId) !== room) return;
    this.#rooms.delete(roomId);
    this.redis.unsubscribe(feedChannelOf(roomId)).catch(() => undefined);
  }

  async #subscribeAnew(): Promise<void> {
    const rooms = [...this.#rooms];
    if (rooms.length === 0) return;
    const answers: Promise<boolean>[] = [];
    for (let from = 0; from < rooms.length; from += CHANNELS_AT_ONCE) {
      const some = rooms.slice(from, from + CHANNELS_AT_ONCE);
      const confirmed = this.#confirm(some.map(([roomId]) => feedChannelOf(roomId)));
      for (const [, room] of some) room.confirmed = confirmed;
      answers.push(confirmed);
    }
    await Promise.all(answers);
    this.#tellGap();
  }

  async #confirm(channels: readonly string[]): Promise<boolean> {
    try {
      await this.redis.subscribe(...channels);
      return true;
    } catch {
      return false;
    }
  }

  async #confirmedInTime({ confirmed }: RoomSubscription): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(resolve, CONFIRM_WITHIN_MS, 'late');
    const outcome = await Promise.race([confirmed, late]);
    clearTimeout(timer);
    // What was published between the caller's next step and the confirmation is missing.
    if (outcome === 'late') void confirmed.then((isConfirmed) => isConfirmed && this.#tellGap());
  }

  #hear(channel: string, text: string): void {
    const roomId = roomOfFeedChannel(channel);
    const changes = decodeChanges(roomId, text);
    if (!changes) return this.#logger.warn(`Something else than changes came on ${channel}.`);
    for (const listener of this.#rooms.get(roomId)?.listeners ?? []) {
      try {
        listener(changes);
      } catch (error) {
        this.#logger.error({ err: error, roomId }, 'a feed listener failed');
      }
    }
  }

  /** Once for all that was late together. */
  #tellGap(): void {
    if (this.#gapIsDue) return;
    this.#gapIsDue = true;
    setImmediate(() => {
      this.#gapIsDue = false;
      for (const listener of this.#gapListeners) listener();
    });
  }
}
