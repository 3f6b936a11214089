import type { RoomHead } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import type { StoredMessage } from './log/stored-message.ts';
import { MessageStore, type PageCursor } from './message-store.ts';

/** `bypass`: the page came from the store, because there is no cache or it is unavailable. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

/** A page of a room's messages, with the head of the room. */
export interface HistoryPage {
  readonly messages: StoredMessage[];
  readonly head: RoomHead;
  /** Whether the page came from the cache. */
  readonly cache: CacheOutcome;
}

/** Reads pages of history through a cache. The caller checks access. */
export abstract class HistoryCache {
  /** Like {@link MessageStore.page}; at most 10 s stale, and only after a lost cache update. */
  abstract page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage>;
}

/** Reads every page from the store, without a cache. */
@Injectable()
export class UncachedHistory extends HistoryCache {
  constructor(private readonly store: MessageStore) {
    super();
  }

  async page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    return { ...(await this.store.page(roomId, cursor, limit)), cache: 'bypass' };
  }
}
