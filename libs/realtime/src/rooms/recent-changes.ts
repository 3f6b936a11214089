import type { RoomChange, StoredMessage } from '@chat/messages';
import { LRUCache } from 'lru-cache';

/** Memory for the changes of all rooms combined, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Changes of one room; older ones are evicted, so that a busy room does not evict other rooms. */
const MAX_PER_ROOM = 1_000;
/** Memory use of a change besides its text: its other fields, its key and the cache entry. */
const OVERHEAD_BYTES = 700;
/** Memory use of one reaction. */
const REACTION_BYTES = 80;

/** Caches the newest changes of every open room within one limit in bytes. */
export class RecentChanges {
  readonly #changes: LRUCache<string, RoomChange>;

  constructor(maxBytes = MAX_BYTES) {
    this.#changes = new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf });
  }

  add(changes: readonly RoomChange[]): void {
    for (const change of changes) {
      const { roomId, rev, message } = change;
      this.#changes.set(keyOf(roomId, rev), change);
      this.#changes.delete(keyOf(roomId, rev - MAX_PER_ROOM));
      if (message?.deletedAt !== undefined) this.#replaceEarlierStates(message);
    }
  }

  /** Returns the changes that follow `rev` without a gap, at most `limit`. */
  changesAfter(roomId: string, rev: number, limit: number): RoomChange[] {
    const found: RoomChange[] = [];
    while (found.length < limit) {
      const next = this.#changes.get(keyOf(roomId, rev + found.length + 1));
      if (!next) break;
      found.push(next);
    }
    return found;
  }

  /** Drops the texts of a deleted message; their revs stay, with the deleted message. */
  #replaceEarlierStates(deleted: StoredMessage): void {
    const { roomId, id } = deleted;
    for (let rev = deleted.rev - 1; rev > deleted.rev - MAX_PER_ROOM && rev > 0; rev -= 1) {
      const key = keyOf(roomId, rev);
      if (this.#changes.peek(key)?.message?.id === id) {
        this.#changes.set(key, { roomId, rev, message: { ...deleted, rev } });
      }
    }
  }
}

function sizeOf({ message }: RoomChange): number {
  if (!message) return OVERHEAD_BYTES;
  const { text, reactions = [] } = message;
  const reactionCount = reactions.reduce((sum, { userIds }) => sum + userIds.length, 0);
  return OVERHEAD_BYTES + 2 * text.length + REACTION_BYTES * reactionCount;
}

function keyOf(roomId: string, rev: number): string {
  return `${rev} ${roomId}`;
}
