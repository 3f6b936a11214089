import type { Message, RoomRev } from '@chat/contracts';
import { partsOf } from '@chat/platform';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { FeedSubscriber } from '../feed-subscriber.ts';
import { RealtimeMetrics } from '../realtime-metrics.ts';
import { MAX_REVS_ASKED, RoomDirectory } from '../room-directory.ts';
import { RecentChanges } from './recent-changes.ts';
import { RoomFanOut } from './room-fan-out.ts';
import { RoomStream } from './room-stream.ts';

/** How often heads are compared with the store, and told to sockets where they moved. */
const HEADS_CHECK_MS = 5_000;
/** Rooms that are brought to their heads at once. */
const FILLS_AT_ONCE = 16;

interface OpenStream {
  readonly roomId: string;
  /** Sockets in the room, and joins on their way. */
  holders: number;
  /** The rev that `roomHeads` told last. */
  announcedRev: number;
  opening: Promise<RoomStream>;
  stream?: RoomStream;
}

/** One stream for every room that a socket of this instance has joined. */
@Injectable()
export class RoomStreams implements OnApplicationShutdown {
  readonly #logger = new Logger(RoomStreams.name);
  readonly #open = new Map<string, OpenStream>();
  readonly #timer: NodeJS.Timeout;
  readonly #stopHearingGaps: () => void;
  #lastCheck: Promise<void> = Promise.resolve();
  #nextCheck: Promise<void> | undefined;

  constructor(
    private readonly feed: FeedSubscriber,
    private readonly directory: RoomDirectory,
    private readonly recent: RecentChanges,
    private readonly fanOut: RoomFanOut,
    private readonly metrics: RealtimeMetrics,
  ) {
    this.#timer = setInterval(() => void this.checkHeads(), HEADS_CHECK_MS).unref();
    this.#stopHearingGaps = feed.onGap(() => void this.checkHeads());
  }

  /** Rooms that are open, whoever is in them. */
  roomIds(): string[] {
    return [...this.#open.keys()];
  }

  /**
   * The stream of a room, opened if it is not. Whoever holds it releases it
   * once; the last release closes it.
   */
  async hold(roomId: string): Promise<RoomStream> {
    const entry = this.#open.get(roomId) ?? this.#openEntry(roomId);
    entry.holders += 1;
    try {
      return await entry.opening;
    } catch (error) {
      this.release(roomId);
      throw error;
    }
  }

  release(roomId: string): void {
    const entry = this.#open.get(roomId);
    if (!entry) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    this.#open.delete(roomId);
    void entry.opening.then(
      (stream) => stream.close(),
      () => undefined,
    );
  }

  /**
   * Finds out what the feed may have lost, emits it, and tells sockets how far
   * their rooms have come. One check runs at a time; all who ask meanwhile share
   * the one after it.
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
    this.#stopHearingGaps();
  }

  async #compareHeads(): Promise<void> {
    const behind = (await this.#roomsBehind()).values();
    // One room that cannot be read holds up none of the others.
    await Promise.all(Array.from({ length: FILLS_AT_ONCE }, () => this.#catchUp(behind)));
    for (const entry of this.#open.values()) this.#announce(entry);
  }

  /** Asks in parts: one that nobody answers holds up none of the others. */
  async #roomsBehind(): Promise<RoomRev[]> {
    const known = [...this.#open.values()].flatMap(({ stream }) => stream?.position ?? []);
    const asked = partsOf(known, MAX_REVS_ASKED).map((part) =>
      this.directory.revsBeyond(part.map(({ roomId, rev }) => ({ roomId, rev }))),
    );
    const answers = await Promise.allSettled(asked);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) {
      this.#logger.warn({ err: failed.reason as unknown }, 'heads could not be read; trying again');
    }
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }

  /** Brings one room after the other to its head, until none is left. */
  async #catchUp(behind: Iterator<RoomRev> & Iterable<RoomRev>): Promise<void> {
    for (const { roomId, rev } of behind) {
      try {
        await this.#open.get(roomId)?.stream?.reach(rev);
      } catch (error) {
        this.#logger.warn({ err: error, roomId }, 'a room could not catch up; trying again');
      }
    }
  }

  #openEntry(roomId: string): OpenStream {
    const opening = RoomStream.open(roomId, this.feed, this.directory, this.recent, {
      emit: (changes) => this.fanOut.sendChanges(roomId, changes, () => this.#shown(changes)),
      hasSpace: () => this.fanOut.hasSpace(roomId),
      whenSpace: () => this.fanOut.whenSpace(roomId),
    });
    const entry: OpenStream = { roomId, holders: 0, announcedRev: 0, opening };
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

  #shown(changes: readonly Message[]): void {
    for (const change of changes) {
      this.metrics.shown(change);
      const { id: messageId, roomId, rev } = change;
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
