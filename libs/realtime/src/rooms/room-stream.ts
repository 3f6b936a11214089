import type { Message, RoomHead } from '@chat/contracts';
import { UnavailableError } from '@chat/platform';
import type { FeedSubscriber } from '../feed-subscriber.ts';
import type { RoomDirectory } from '../room-directory.ts';

/** Changes kept in memory, so that a joining socket is seldom a read of the store. */
const RECENT_CHANGES = 200;
/** Most changes of the feed that wait while a gap is being filled; more are read from the store. */
const MAX_WAITING = 1_000;
const FILL_PAGE = 200;

/**
 * What this instance emits of one room: every change once, in rev order. The
 * feed moves it on; where the feed left something out, the store is asked.
 */
export class RoomStream {
  #recent: Message[] = [];
  #waiting: Message[] = [];
  #filling: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;

  private constructor(
    private readonly directory: RoomDirectory,
    private readonly emit: (change: Message) => void,
    private head: RoomHead,
  ) {}

  /**
   * Begins at the room's head: later changes are emitted, earlier ones never.
   *
   * @throws what the feed or the directory throws
   */
  static async open(
    roomId: string,
    feed: Pick<FeedSubscriber, 'subscribe'>,
    directory: RoomDirectory,
    emit: (change: Message) => void,
  ): Promise<RoomStream> {
    const early: Message[] = [];
    let stream: RoomStream | undefined;
    const unsubscribe = await feed.subscribe(roomId, (changes) => {
      if (stream) stream.accept(changes);
      else early.push(...changes);
    });
    try {
      stream = new RoomStream(directory, emit, await directory.head(roomId));
    } catch (error) {
      unsubscribe();
      throw error;
    }
    stream.#unsubscribe = unsubscribe;
    stream.accept(early);
    return stream;
  }

  /** The last change that was emitted. */
  get position(): RoomHead {
    return this.head;
  }

  /** Takes changes of the feed: in rev order, perhaps known already, perhaps after a gap. */
  accept(changes: readonly Message[]): void {
    if (this.#filling) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(...changes);
      return;
    }
    for (const change of changes) {
      if (change.rev > this.head.rev + 1) {
        void this.#startFilling(changes.at(-1)?.rev ?? change.rev);
        return;
      }
      this.#advance(change);
    }
  }

  /**
   * Resolves once everything up to `rev` has been emitted.
   *
   * @throws what the directory throws; the stream then stays where it came to.
   */
  async reach(rev: number): Promise<void> {
    while (this.head.rev < rev) {
      const before = this.head.rev;
      await (this.#filling ?? this.#startFilling(rev));
      if (this.head.rev === before) {
        throw new UnavailableError('The room cannot be read at the moment.', 1_000);
      }
    }
  }

  /** All changes after `rev`, in order; undefined when they are not all in memory. */
  changesAfter(rev: number): Message[] | undefined {
    if (rev > this.head.rev) return undefined;
    if (rev === this.head.rev) return [];
    const first = this.#recent[0];
    if (!first || first.rev > rev + 1) return undefined;
    return this.#recent.filter((change) => change.rev > rev);
  }

  /** Emits nothing any more. */
  close(): void {
    this.#unsubscribe?.();
  }

  #startFilling(rev: number): Promise<void> {
    this.#filling = this.#fill(rev).finally(() => {
      this.#filling = undefined;
      this.accept(this.#waiting.splice(0));
    });
    // Whoever waits in reach() hears of a failure; for the feed the next heads check tries again.
    this.#filling.catch(() => undefined);
    return this.#filling;
  }

  async #fill(rev: number): Promise<void> {
    for (;;) {
      const page = await this.directory.changes(this.head.roomId, this.head.rev, FILL_PAGE);
      for (const change of page.changes) this.#advance(change);
      if (page.rev > this.head.rev) this.head = { ...this.head, rev: page.rev };
      if (page.complete || page.changes.length === 0 || this.head.rev >= rev) return;
    }
  }

  #advance(change: Message): void {
    if (change.rev <= this.head.rev) return;
    this.head = {
      roomId: this.head.roomId,
      seq: Math.max(this.head.seq, change.seq),
      rev: change.rev,
    };
    this.#recent.push(change);
    if (this.#recent.length > 2 * RECENT_CHANGES)
      this.#recent = this.#recent.slice(-RECENT_CHANGES);
    this.emit(change);
  }
}
