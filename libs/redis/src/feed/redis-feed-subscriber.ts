import { FeedSubscriber, type FeedListener } from '@chat/realtime';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { decodeChanges, feedChannelOf, isFeedChannel, roomOfFeedChannel } from './feed-channel.ts';

/** Longest wait of a subscriber for Redis to confirm a subscription. */
const CONFIRM_TIMEOUT_MS = 500;
/** Channels per SUBSCRIBE command after a reconnect. */
const CHANNELS_PER_COMMAND = 1_000;

interface RoomSubscription {
  readonly listeners: Set<FeedListener>;
  /** Resolves to whether Redis has confirmed the subscription. */
  confirmed: Promise<boolean>;
}

/**
 * Receives the feed over a connection for subscriptions. Resubscribes after a reconnect, and then
 * reports a gap.
 */
export class RedisFeedSubscriber extends FeedSubscriber {
  readonly #logger = new Logger(RedisFeedSubscriber.name);
  readonly #rooms = new Map<string, RoomSubscription>();
  readonly #gapListeners = new Set<() => void>();
  #isGapScheduled = false;

  /** @param redis a connection for subscriptions only, from {@link connectRedis} */
  constructor(private readonly redis: Redis) {
    super();
    redis.on('ready', () => void this.#resubscribe());
    redis.on('message', (channel: string, text: string) => {
      if (isFeedChannel(channel)) this.#receive(channel, text);
    });
  }

  async subscribe(roomId: string, listener: FeedListener): Promise<() => void> {
    const room = this.#rooms.get(roomId) ?? this.#open(roomId);
    // A separate wrapper, so that the same function may subscribe twice.
    const entry: FeedListener = (changes) => listener(changes);
    room.listeners.add(entry);
    await this.#waitForConfirmation(room);
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

  async #resubscribe(): Promise<void> {
    const rooms = [...this.#rooms];
    if (rooms.length === 0) return;
    const confirmations: Promise<boolean>[] = [];
    for (let from = 0; from < rooms.length; from += CHANNELS_PER_COMMAND) {
      const chunk = rooms.slice(from, from + CHANNELS_PER_COMMAND);
      const confirmed = this.#confirm(chunk.map(([roomId]) => feedChannelOf(roomId)));
      for (const [, room] of chunk) room.confirmed = confirmed;
      confirmations.push(confirmed);
    }
    await Promise.all(confirmations);
    this.#reportGap();
  }

  async #confirm(channels: readonly string[]): Promise<boolean> {
    try {
      await this.redis.subscribe(...channels);
      return true;
    } catch {
      return false;
    }
  }

  async #waitForConfirmation({ confirmed }: RoomSubscription): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(resolve, CONFIRM_TIMEOUT_MS, 'late');
    const outcome = await Promise.race([confirmed, late]);
    clearTimeout(timer);
    // Batches published between the caller's next step and the confirmation are missing.
    if (outcome === 'late') void confirmed.then((isConfirmed) => isConfirmed && this.#reportGap());
  }

  #receive(channel: string, text: string): void {
    const roomId = roomOfFeedChannel(channel);
    const changes = decodeChanges(roomId, text);
    if (!changes) return this.#logger.warn({ channel }, 'invalid feed payload ignored');
    for (const listener of this.#rooms.get(roomId)?.listeners ?? []) {
      try {
        listener(changes);
      } catch (error) {
        this.#logger.error({ err: error, roomId }, 'feed listener failed');
      }
    }
  }

  /** Reports one gap for all subscriptions that were confirmed late at the same time. */
  #reportGap(): void {
    if (this.#isGapScheduled) return;
    this.#isGapScheduled = true;
    setImmediate(() => {
      this.#isGapScheduled = false;
      for (const listener of this.#gapListeners) listener();
    });
  }
}
