import type { Message, RoomHead } from '@chat/contracts';
import { UnavailableError } from '@chat/platform';
import type { FeedSubscriber } from '../feed-subscriber.ts';
import type { RoomDirectory } from '../room-directory.ts';
import type { RecentChanges } from './recent-changes.ts';

/** Changes that are emitted, or read from the store, at once. */
const PAGE = 200;

/** Where a stream's changes go. */
export interface RoomOutlet {
  /** Called with changes in rev order. */
  emit(changes: readonly Message[]): void;
  /** Whether it takes more changes now. */
  hasSpace(): boolean;
  /** Resolves when it may take more. */
  whenSpace(): Promise<void>;
}

/**
 * What this instance emits of one room: every change once, in rev order. The
 * feed moves it on; where the feed left something out, the store is asked.
 * While the outlet has no space the stream stands still: what the feed brings
 * meanwhile is kept as long as memory allows, and read from the store otherwise.
 */
export class RoomStream {
  /** The highest rev that the feed has brought. */
  #known = 0;
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
   * Begins at the room's head: later changes are emitted, earlier ones never.
   *
   * @throws what the feed or the directory throws
   */
  static async open(
    roomId: string,
    feed: Pick<FeedSubscriber, 'subscribe'>,
    directory: RoomDirectory,
    recent: RecentChanges,
    outlet: RoomOutlet,
  ): Promise<RoomStream> {
    let known = 0;
    let stream: RoomStream | undefined;
    const unsubscribe = await feed.subscribe(roomId, (changes) => {
      recent.add(changes);
      known = Math.max(known, changes.at(-1)?.rev ?? 0);
      if (stream) stream.#moveTo(known);
    });
    try {
      stream = new RoomStream(directory, recent, outlet, await directory.head(roomId));
    } catch (error) {
      unsubscribe();
      throw error;
    }
    stream.#unsubscribe = unsubscribe;
    stream.#moveTo(known);
    return stream;
  }

  /** The last change that was emitted. */
  get position(): RoomHead {
    return this.head;
  }

  /**
   * Resolves once everything up to `rev` has been emitted.
   *
   * @throws what the directory throws; the stream then stays where it came to.
   */
  async reach(rev: number): Promise<void> {
    while (this.head.rev < rev) {
      if (this.#filling) {
        await this.#filling;
        continue;
      }
      const before = this.head.rev;
      await this.#startFilling(rev);
      if (this.head.rev === before) {
        throw new UnavailableError('The room cannot be read at the moment.', 1_000);
      }
    }
  }

  /** All changes after `rev`, in order; undefined when they are not all in memory. */
  changesAfter(rev: number): Message[] | undefined {
    const missing = this.head.rev - rev;
    if (missing < 0) return undefined;
    const changes = this.recent.following(this.head.roomId, rev, missing);
    return changes.length === missing ? changes : undefined;
  }

  /** Emits nothing any more. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe?.();
  }

  /** The room has come to `rev`: perhaps known already, perhaps after a gap. */
  #moveTo(rev: number): void {
    if (this.#closed) return;
    this.#known = Math.max(this.#known, rev);
    if (this.#filling) return;
    this.#emitFromMemory();
    if (this.head.rev < this.#known) void this.#startFilling(this.#known);
  }

  #startFilling(rev: number): Promise<void> {
    this.#filling = this.#fill(rev).finally(() => {
      this.#filling = undefined;
      if (this.#known > rev) this.#moveTo(this.#known);
    });
    // Whoever waits in reach() hears of a failure; for the feed the next heads check tries again.
    this.#filling.catch(() => undefined);
    return this.#filling;
  }

  async #fill(rev: number): Promise<void> {
    while (this.head.rev < rev && !this.#closed) {
      if (!this.outlet.hasSpace()) {
        await this.outlet.whenSpace();
        continue;
      }
      if (this.#emitFromMemory()) continue;
      const page = await this.directory.changes(this.head.roomId, this.head.rev, PAGE);
      this.recent.add(page.changes);
      this.#emit(page.changes);
      if (page.rev > this.head.rev) this.head = { ...this.head, rev: page.rev };
      if (page.complete || page.changes.length === 0) {
        this.#emitFromMemory();
        return;
      }
    }
  }

  /** Emits what is at hand, as far as there is space. Returns whether there was anything. */
  #emitFromMemory(): boolean {
    const before = this.head.rev;
    while (!this.#closed && this.outlet.hasSpace()) {
      const changes = this.recent.following(this.head.roomId, this.head.rev, PAGE);
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
