import { growingLruCache } from '@chat/platform/collections';
import { RoomStore } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { DeletedRooms } from './deleted-rooms.ts';

/** How long a room counts as not deleted before it is read again. */
const FRESH_MS = 10_000;
const MAX_ROOMS = 10_000;

/** Reads deleted rooms from the room store, through a cache. */
@Injectable()
export class CachedDeletedRooms extends DeletedRooms {
  /** When a room was last read as not deleted, in `performance.now()` time. */
  readonly #existedAt = growingLruCache<number>(MAX_ROOMS);
  /** Never expires: a deleted room is never restored. */
  readonly #deleted = growingLruCache<true>(MAX_ROOMS);

  constructor(private readonly store: RoomStore) {
    super();
  }

  /** Reads the store at most once per call. */
  async deletedOf(roomIds: readonly string[]): Promise<Set<string>> {
    const deleted = new Set(roomIds.filter((roomId) => this.#deleted.has(roomId)));
    const now = performance.now();
    const isFresh = (roomId: string): boolean =>
      now - (this.#existedAt.get(roomId) ?? -Infinity) < FRESH_MS;
    const unknown = roomIds.filter((roomId) => !deleted.has(roomId) && !isFresh(roomId));
    if (unknown.length === 0) return deleted;
    const found = await this.store.findDeleted(unknown);
    for (const roomId of unknown) {
      if (found.has(roomId)) this.#deleted.set(roomId, true);
      else this.#existedAt.set(roomId, now);
    }
    return new Set([...deleted, ...found]);
  }
}
