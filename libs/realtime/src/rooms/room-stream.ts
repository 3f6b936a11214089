import type { RoomHead } from '@chat/contracts';
import {
  latestStates,
  type RoomChange,
  type StoredChanges,
  type StoredMessage,
} from '@chat/messages';
import { UnavailableError } from '@chat/platform/failures';
import type { FeedSubscriber } from '../feed-subscriber.ts';
import type { RoomDirectory } from '../room-directory.ts';
import { changeEvent, headEvent, type ChangeEvent } from './change-event.ts';
import type { RecentChanges } from './recent-changes.ts';

/** Maximum number of changes that are emitted, or read from the store, in one batch. */
const PAGE_SIZE = 200;

/** Destination of the changes of a stream. */
export interface RoomOutlet {
  /** Emits events, which are in rev order. */
  emit(events: readonly ChangeEvent[]): void;
  /** Returns whether the outlet has capacity for more changes now. */
  hasCapacity(): boolean;
  /** Resolves when the outlet may have capacity again. */
  waitForCapacity(): Promise<void>;
}

/**
 * A gap that is filled from the store, whose pages are not in the order of seqs: a message that
 * changed again is on a later page. The gap ends where every message in it has been emitted.
 */
interface Gap {
  /** Seq of the last message before the gap: messages after it are new to the sockets. */
  readonly seq: number;
  /** Ids of the new messages that were emitted since then. */
  readonly emitted: Set<string>;
  /** The highest rev of a message on the pages. */
  lastRev: number;
  /** Whether the last page was read up to the head of the room. */
  complete: boolean;
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
  #gap: Gap | undefined;
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

  /**
   * Returns the messages that changed after `rev`, each in its latest state, in rev order;
   * undefined when not all changes are in memory.
   */
  changesAfter(rev: number): StoredMessage[] | undefined {
    const missing = this.head.rev - rev;
    if (missing < 0) return undefined;
    const changes = this.recent.changesAfter(this.head.roomId, rev, missing);
    if (changes.length !== missing) return undefined;
    return latestStates(changes.flatMap(({ message }) => message ?? []));
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
    if (this.head.rev < this.#feedRev || this.#gap) void this.#startFilling(this.#feedRev);
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
    while ((this.head.rev < rev || this.#gap) && !this.#closed) {
      if (!this.outlet.hasCapacity()) {
        await this.outlet.waitForCapacity();
        continue;
      }
      if (this.#emitFromMemory()) continue;
      const before = this.head.rev;
      const page = await this.directory.changes(this.head.roomId, before, PAGE_SIZE);
      this.#emitPage(page);
      if (this.head.rev === before || (page.complete && !this.#gap)) {
        this.#emitFromMemory();
        return;
      }
    }
  }

  #emitPage({ changes, rev, complete }: StoredChanges): void {
    this.#gap ??= { seq: this.head.seq, emitted: new Set(), lastRev: 0, complete };
    this.#gap.lastRev = Math.max(this.#gap.lastRev, ...changes.map((message) => message.rev));
    this.#gap.complete = complete;
    // A message that changed after the head was read: its state follows with that change.
    const covered = changes.filter((message) => message.rev <= rev).map(toChange);
    this.recent.add(covered);
    this.#emit(covered, rev);
    this.#endGap();
  }

  /** Emits cached changes while the outlet has capacity; returns whether there were any. */
  #emitFromMemory(): boolean {
    const before = this.head.rev;
    while (!this.#closed && this.outlet.hasCapacity()) {
      const changes = this.recent.changesAfter(this.head.roomId, this.head.rev, PAGE_SIZE);
      const last = changes.at(-1);
      if (!last) break;
      this.#emit(changes, last.rev);
    }
    return this.head.rev > before;
  }

  /** Emits changes, which cover every rev up to `coveredRev`. */
  #emit(changes: readonly RoomChange[], coveredRev: number): void {
    if (this.#closed || coveredRev <= this.head.rev) return;
    const { roomId } = this.head;
    let { seq, rev } = this.head;
    const events: ChangeEvent[] = [];
    for (const change of changes) {
      const { message } = change;
      if (change.rev <= rev || !message) continue;
      const isNew = this.#isNew(message, seq);
      // In a gap, earlier changes of the message may not have been emitted: a delta would not fit.
      events.push(changeEvent(this.#gap ? toChange(message) : change, message, rev, isNew));
      rev = change.rev;
      seq = Math.max(seq, message.seq);
    }
    this.head = { roomId, seq, rev: coveredRev };
    this.#endGap();
    if (rev < coveredRev) events.push(headEvent(this.head, rev));
    this.outlet.emit(events);
  }

  #endGap(): void {
    if (this.#gap?.complete && this.head.rev >= this.#gap.lastRev) this.#gap = undefined;
  }

  #isNew({ id, seq }: StoredMessage, lastSeq: number): boolean {
    if (!this.#gap) return seq > lastSeq;
    if (seq <= this.#gap.seq || this.#gap.emitted.has(id)) return false;
    this.#gap.emitted.add(id);
    return true;
  }
}

function toChange(message: StoredMessage): RoomChange {
  return { roomId: message.roomId, rev: message.rev, message };
}
