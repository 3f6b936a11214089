import type { Message, RoomHead } from '@chat/contracts';
import { UnavailableError } from '@chat/platform/failures';
import type { FeedSubscriber } from '../feed-subscriber.ts';
import type { RoomDirectory } from '../room-directory.ts';
import type { RecentChanges } from './recent-changes.ts';

/** Maximum number of changes that are emitted, or read from the store, in one batch. */
const PAGE_SIZE = 200;

/** Destination of the changes of a stream. */
export interface RoomOutlet {
  /** Emits changes, which are in rev order. */
  emit(changes: readonly Message[]): void;
  /** Returns whether the outlet has capacity for more changes now. */
  hasCapacity(): boolean;
  /** Resolves when the outlet may have capacity again. */
  waitForCapacity(): Promise<void>;
}

/**
 * Emits every change of one room once, in rev order. Changes come from the feed; gaps in the feed
 * are filled from the store. While the outlet has no capacity, the stream pauses: changes from the
 * feed are cached as far as memory allows, and otherwise read from the store later.
 */
export class RoomStream {
  /** The highest rev received from the feed. */
  #feedRev = 0;
  #filling: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;
  #closed = false;

  private constructor(
    private readonly directory: RoomDirectory,
    private readonly recent: RecentChanges,
    private readonly outlet: RoomOutlet,
    private head: RoomHead,
  ) {}

  /**
   * Opens a stream at the head of the room: emits later changes only.
   *
   * @throws the errors of the feed and the directory
   */
  static async open(
    roomId: string,
    feed: Pick<FeedSubscriber, 'subscribe'>,
    directory: RoomDirectory,
    recent: RecentChanges,
    outlet: RoomOutlet,
  ): Promise<RoomStream> {
    let feedRev = 0;
    let stream: RoomStream | undefined;
    const unsubscribe = await feed.subscribe(roomId, (changes) => {
      recent.add(changes);
      feedRev = Math.max(feedRev, changes.at(-1)?.rev ?? 0);
      if (stream) stream.#advanceTo(feedRev);
    });
    try {
      stream = new RoomStream(directory, recent, outlet, await directory.head(roomId));
    } catch (error) {
      unsubscribe();
      throw error;
    }
    stream.#unsubscribe = unsubscribe;
    stream.#advanceTo(feedRev);
    return stream;
  }

  /** The seq and rev of the last emitted change. */
  get position(): RoomHead {
    return this.head;
  }

  /**
   * Resolves once everything up to `rev` has been emitted.
   *
   * @throws the errors of the directory; the stream then stays at the position it has reached
   * @throws UnavailableError when the store has no change up to `rev`
   */
  async catchUpTo(rev: number): Promise<void> {
    while (this.head.rev < rev) {
      if (this.#filling) {
        await this.#filling;
        continue;
      }
      const before = this.head.rev;
      await this.#startFilling(rev);
      if (this.head.rev === before) {
        throw new UnavailableError('The room is not available right now. Please try again.', 1_000);
      }
    }
  }

  /** Returns all changes after `rev` in order; undefined when not all of them are in memory. */
  changesAfter(rev: number): Message[] | undefined {
    const missing = this.head.rev - rev;
    if (missing < 0) return undefined;
    const changes = this.recent.changesAfter(this.head.roomId, rev, missing);
    return changes.length === missing ? changes : undefined;
  }

  /** Stops emitting and unsubscribes from the feed. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe?.();
  }

  /** Emits changes up to `rev`, a rev from the feed; fills a gap before it from the store. */
  #advanceTo(rev: number): void {
    if (this.#closed) return;
    this.#feedRev = Math.max(this.#feedRev, rev);
    if (this.#filling) return;
    this.#emitFromMemory();
    if (this.head.rev < this.#feedRev) void this.#startFilling(this.#feedRev);
  }

  #startFilling(rev: number): Promise<void> {
    this.#filling = this.#fill(rev).finally(() => {
      this.#filling = undefined;
      if (this.#feedRev > rev) this.#advanceTo(this.#feedRev);
    });
    // catchUpTo() reports a failure to its callers; for the feed the next heads check retries.
    this.#filling.catch(() => undefined);
    return this.#filling;
  }

  async #fill(rev: number): Promise<void> {
    while (this.head.rev < rev && !this.#closed) {
      if (!this.outlet.hasCapacity()) {
        await this.outlet.waitForCapacity();
        continue;
      }
      if (this.#emitFromMemory()) continue;
      const page = await this.directory.changes(this.head.roomId, this.head.rev, PAGE_SIZE);
      this.recent.add(page.changes);
      this.#emit(page.changes);
      if (page.rev > this.head.rev) this.head = { ...this.head, rev: page.rev };
      if (page.complete || page.changes.length === 0) {
        this.#emitFromMemory();
        return;
      }
    }
  }

  /** Emits cached changes while the outlet has capacity; returns whether there were any. */
  #emitFromMemory(): boolean {
    const before = this.head.rev;
    while (!this.#closed && this.outlet.hasCapacity()) {
      const changes = this.recent.changesAfter(this.head.roomId, this.head.rev, PAGE_SIZE);
      if (changes.length === 0) break;
      this.#emit(changes);
    }
    return this.head.rev > before;
  }

  #emit(changes: readonly Message[]): void {
    const later = changes.filter(({ rev }) => rev > this.head.rev);
    const last = later.at(-1);
    if (!last || this.#closed) return;
    const seq = Math.max(this.head.seq, ...later.map((change) => change.seq));
    this.head = { roomId: this.head.roomId, seq, rev: last.rev };
    this.outlet.emit(later);
  }
}
