import type { Message, RoomHead } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import { MessageStore, type PageCursor } from './message-store.ts';

/** `bypass`: the cache was not asked, because there is none or it is away. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

/** A page of a room's messages and how far the room has come. */
export interface HistoryPage {
  readonly messages: Message[];
  readonly head: RoomHead;
  /** What the cache had to do with it. */
  readonly cache: CacheOutcome;
}

/** Pages of history, read through a cache. Who may read them is for the caller to know. */
export abstract class HistoryCache {
  /** As {@link MessageStore.page}; at most 10 s behind it, and only when the cache was not told. */
  abstract page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage>;
}

/** No cache: every page comes from the store. */
@Injectable()
export class UncachedHistory extends HistoryCache {
  constructor(private readonly store: MessageStore) {
    super();
  }

  async page(roomId: string, cursor: PageCursor, limit: number): Promise<HistoryPage> {
    return { ...(await this.store.page(roomId, cursor, limit)), cache: 'bypass' };
  }
}
