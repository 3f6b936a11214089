import { growingLruCache } from '@chat/platform';
import { RoomStore } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { DeletedRooms } from './deleted-rooms.ts';

/** How long a room counts as not deleted without being asked for again. */
const FRESH_MS = 10_000;
const MAX_ROOMS = 10_000;

/** Asks the store of rooms, and remembers what it answered. */
@Injectable()
export class RememberedDeletedRooms extends DeletedRooms {
  /** When it was asked, as `performance.now()` counts. */
  readonly #aliveAt = growingLruCache<number>(MAX_ROOMS);
  /** For good: a deleted room never comes back. */
  readonly #deleted = growingLruCache<true>(MAX_ROOMS);

  constructor(private readonly store: RoomStore) {
    super();
  }

  /** Reads from the store at most once. */
  async deletedOf(roomIds: readonly string[]): Promise<Set<string>> {
    const deleted = new Set(roomIds.filter((roomId) => this.#deleted.has(roomId)));
    const now = performance.now();
    const isFresh = (roomId: string): boolean =>
      now - (this.#aliveAt.get(roomId) ?? -Infinity) < FRESH_MS;
    const unknown = roomIds.filter((roomId) => !deleted.has(roomId) && !isFresh(roomId));
    if (unknown.length === 0) return deleted;
    const found = await this.store.findDeleted(unknown);
    for (const roomId of unknown) {
      if (found.has(roomId)) this.#deleted.set(roomId, true);
      else this.#aliveAt.set(roomId, now);
    }
    return new Set([...deleted, ...found]);
  }
}
