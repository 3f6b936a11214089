import type { Message } from '@chat/contracts';
import { LRUCache } from 'lru-cache';

/** Memory for the changes of all rooms combined, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Changes of one room; older ones are evicted, so that a busy room does not evict other rooms. */
const MAX_PER_ROOM = 1_000;
/** Memory use of a change besides its text: its other fields, its key and the cache entry. */
const OVERHEAD_BYTES = 700;

/** Caches the newest changes of every open room within one limit in bytes. */
export class RecentChanges {
  readonly #changes: LRUCache<string, Message>;

  constructor(maxBytes = MAX_BYTES) {
    this.#changes = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ text }) => OVERHEAD_BYTES + 2 * text.length,
    });
  }

  add(changes: readonly Message[]): void {
    for (const change of changes) {
      this.#changes.set(keyOf(change.roomId, change.rev), change);
      this.#changes.delete(keyOf(change.roomId, change.rev - MAX_PER_ROOM));
    }
  }

  /** Returns the changes that follow `rev` without a gap, at most `limit`. */
  changesAfter(roomId: string, rev: number, limit: number): Message[] {
    const found: Message[] = [];
    while (found.length < limit) {
      const next = this.#changes.get(keyOf(roomId, rev + found.length + 1));
      if (!next) break;
      found.push(next);
    }
    return found;
  }
}

function keyOf(roomId: string, rev: number): string {
  return `${rev} ${roomId}`;
}
