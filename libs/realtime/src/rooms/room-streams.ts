import type { RoomRev } from '@chat/messages';
import { chunksOf } from '@chat/platform/collections';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { FeedSubscriber } from '../feed-subscriber.ts';
import { DeliveryMetrics } from './delivery-metrics.ts';
import { MAX_REVS_PER_CALL, RoomDirectory } from '../room-directory.ts';
import type { ChangeEvent } from './change-event.ts';
import { RecentChanges } from './recent-changes.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';
import { RoomStream } from './room-stream.ts';

/** How often room heads are compared with the store; changed heads are sent to the sockets. */
const HEADS_CHECK_INTERVAL_MS = 5_000;
/** Maximum number of rooms that catch up with the store concurrently. */
const CATCH_UP_CONCURRENCY = 16;

interface OpenStream {
  readonly roomId: string;
  /** Number of sockets in the room and of joins in progress. */
  refCount: number;
  /** The rev in the last `roomHeads` event. */
  announcedRev: number;
  opening: Promise<RoomStream>;
  stream?: RoomStream;
}

/** Keeps one stream open for every room that a socket of this instance has joined. */
@Injectable()
export class RoomStreams implements OnApplicationShutdown {
  readonly #logger = new Logger(RoomStreams.name);
  readonly #open = new Map<string, OpenStream>();
  readonly #timer: NodeJS.Timeout;
  readonly #removeGapListener: () => void;
  #lastCheck: Promise<void> = Promise.resolve();
  #nextCheck: Promise<void> | undefined;

  constructor(
    private readonly feed: FeedSubscriber,
    private readonly directory: RoomDirectory,
    private readonly recent: RecentChanges,
    private readonly fanOut: RoomFanOut,
    private readonly metrics: DeliveryMetrics,
  ) {
    this.#timer = setInterval(() => void this.checkHeads(), HEADS_CHECK_INTERVAL_MS).unref();
    this.#removeGapListener = feed.onGap(() => void this.checkHeads());
  }

  /** Returns the ids of all rooms with an open stream. */
  roomIds(): string[] {
    return [...this.#open.keys()];
  }

  /**
   * Returns the stream of a room and opens it if needed. The caller must release it exactly once;
   * the last release closes the stream.
   */
  async acquire(roomId: string): Promise<RoomStream> {
    const entry = this.#open.get(roomId) ?? this.#openEntry(roomId);
    entry.refCount += 1;
    try {
      return await entry.opening;
    } catch (error) {
      this.release(roomId);
      throw error;
    }
  }

  /** Releases one reference to the stream; the last release closes it. */
  release(roomId: string): void {
    const entry = this.#open.get(roomId);
    if (!entry) return;
    entry.refCount -= 1;
    if (entry.refCount > 0) return;
    this.#open.delete(roomId);
    void entry.opening.then(
      (stream) => stream.close(),
      () => undefined,
    );
  }

  /**
   * Reads and emits changes that the feed may have lost, and sends the new heads of rooms to their
   * sockets. One check runs at a time; all calls during a check share the next one.
   */
  checkHeads(): Promise<void> {
    this.#nextCheck ??= this.#lastCheck.then(() => {
      this.#nextCheck = undefined;
      this.#lastCheck = this.#compareHeads();
      return this.#lastCheck;
    });
    return this.#nextCheck;
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#removeGapListener();
  }

  async #compareHeads(): Promise<void> {
    const behind = (await this.#roomsBehind()).values();
    // A room that cannot be read does not block the others.
    await Promise.all(Array.from({ length: CATCH_UP_CONCURRENCY }, () => this.#catchUp(behind)));
    for (const entry of this.#open.values()) this.#announce(entry);
  }

  /** Requests revs in chunks: a chunk that fails does not block the others. */
  async #roomsBehind(): Promise<RoomRev[]> {
    const known = [...this.#open.values()].flatMap(({ stream }) => stream?.position ?? []);
    const requests = chunksOf(known, MAX_REVS_PER_CALL).map((chunk) =>
      this.directory.newerRevs(chunk.map(({ roomId, rev }) => ({ roomId, rev }))),
    );
    const results = await Promise.allSettled(requests);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      this.#logger.warn({ err: failed.reason as unknown }, 'reading room heads failed; retrying');
    }
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }

  /** Brings the rooms up to date one at a time, until none are left. */
  async #catchUp(behind: Iterator<RoomRev> & Iterable<RoomRev>): Promise<void> {
    for (const { roomId, rev } of behind) {
      try {
        await this.#open.get(roomId)?.stream?.catchUpTo(rev);
      } catch (error) {
        this.#logger.warn({ err: error, roomId }, 'room catch-up failed; retrying');
      }
    }
  }

  #openEntry(roomId: string): OpenStream {
    const opening = RoomStream.open(roomId, this.feed, this.directory, this.recent, {
      emit: (events) => this.fanOut.sendChanges(roomId, events, () => this.#onWritten(events)),
      hasCapacity: () => this.fanOut.hasCapacity(roomId),
      waitForCapacity: () => this.fanOut.waitForCapacity(roomId),
    });
    const entry: OpenStream = { roomId, refCount: 0, announcedRev: 0, opening };
    opening.then(
      (stream) => {
        entry.stream = stream;
        entry.announcedRev = stream.position.rev;
      },
      () => undefined,
    );
    this.#open.set(roomId, entry);
    return entry;
  }

  #onWritten(events: readonly ChangeEvent[]): void {
    for (const event of events) {
      if (event.name !== 'receiveMessage') continue;
      const { id: messageId, roomId, rev } = event.payload;
      this.metrics.observeDelivery(event.payload);
      this.#logger.debug({ messageId, roomId, rev }, 'message shown');
    }
  }

  #announce(entry: OpenStream): void {
    const head = entry.stream?.position;
    if (!head || head.rev === entry.announcedRev) return;
    entry.announcedRev = head.rev;
    this.fanOut.send(entry.roomId, 'roomHeads', [head]);
  }
}
