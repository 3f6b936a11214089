import { beforeEach, describe, expect, it } from '@jest/globals';
import { ChangesQuery, HistoryQuery, type Message, type RoomHead } from '@chat/contracts';
import { identityOf, roomAccessFor } from '../test/room-access.ts';
import { historyLinks } from './history-links.ts';
import { UncachedHistory } from './history-cache.ts';
import { MessageHistory } from './message-history.ts';
import { MessageStore, type PageCursor } from './message-store.ts';

/** A fake store of one room. Revs are ahead of seqs, as after messages have changed. */
class OneRoomStore extends MessageStore {
  /** Cursors of the pages that were read. */
  readonly cursors: PageCursor[] = [];

  constructor(private readonly messages: Message[]) {
    super();
  }

  page(_roomId: string, cursor: PageCursor, limit: number) {
    this.cursors.push(cursor);
    return Promise.resolve({ messages: this.messages.slice(-limit), head: this.#head() });
  }
  changes(_roomId: string, since: number, limit: number) {
    const messages = this.messages.filter(({ rev }) => rev > since).slice(0, limit);
    const head = this.#head();
    const rev = messages.length < limit ? Math.max(since, head.rev) : (messages.at(-1)?.rev ?? 0);
    return Promise.resolve({ messages, rev, head });
  }
  heads(): Promise<Map<string, RoomHead>> {
    return Promise.resolve(new Map([['den', this.#head()]]));
  }
  lastMessages(): Promise<Map<string, Message>> {
    return Promise.resolve(new Map(this.messages.slice(-1).map((last) => ['den', last])));
  }
  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }
  applyPending(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }
  find(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }
  versions(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }
  append(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }
  findByIds(): Promise<never> {
    return Promise.reject(new Error('not needed by readers'));
  }

  #head(): RoomHead {
    const last = this.messages.at(-1);
    return { roomId: 'den', seq: last?.seq ?? 0, rev: last?.rev ?? 0 };
  }
}

const message = (seq: number, rev = seq): Message => ({
  id: `m${seq}`.padEnd(22, '0'),
  roomId: 'den',
  seq,
  rev,
  userId: 'ann',
  username: 'ann',
  text: `text ${seq}`,
  timestamp: '2026-01-01T00:00:00.000Z',
});
const access = roomAccessFor((userId) => userId === 'ann');

let store: OneRoomStore;
let history: MessageHistory;

function open(messages: Message[]): void {
  store = new OneRoomStore(messages);
  history = new MessageHistory(store, new UncachedHistory(store), access);
}

beforeEach(() => open([message(1), message(2), message(3, 5), message(4, 6)]));

describe('the history of a room', () => {
  it.each([
    [{}, { kind: 'newest' }],
    [{ before: '3' }, { kind: 'before', seq: 3 }],
    [{ after: '0' }, { kind: 'after', seq: 0 }],
    [{ around: '2' }, { kind: 'around', seq: 2 }],
  ])('is read from the cursor in the query %j', async (query, cursor) => {
    const page = await history.history(identityOf('ann'), 'den', HistoryQuery.parse(query));
    expect(page.head).toEqual({ roomId: 'den', seq: 4, rev: 6 });
    expect(store.cursors).toEqual([cursor]);
  });

  it('is rejected with NOT_FOUND, before reading the store, for a user without access', async () => {
    const query = HistoryQuery.parse({});
    await expect(history.history(identityOf('bob'), 'den', query)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(store.cursors).toEqual([]);
  });

  it('links to the older and newer pages when they exist', () => {
    const head = { roomId: 'den', seq: 9, rev: 9 };
    const links = (...seqs: number[]) =>
      historyLinks('~a', 2, { messages: seqs.map((seq) => message(seq)), head });
    const prev = (seq: number) => `</messages/history/~a?limit=2&before=${seq}>; rel="prev"`;
    const next = (seq: number) => `</messages/history/~a?limit=2&after=${seq}>; rel="next"`;
    expect(links(4, 5)).toBe(`${prev(4)}, ${next(5)}`);
    expect(links(1, 2)).toBe(next(2));
    expect(links(8, 9)).toBe(prev(8));
    expect(links()).toBeUndefined();
  });
});

describe('the changes of a room', () => {
  const changes = async (since: number, limit: number) => {
    const { rev, complete, changes: found } = await history.changesOf('den', since, limit);
    return { rev, complete, revs: found.map((change) => change.rev) };
  };

  it.each([
    ['complete when all fit into the limit', 0, 50, { rev: 6, complete: true, revs: [1, 2, 5, 6] }],
    ['complete when a full page ends at the head', 2, 2, { rev: 6, complete: true, revs: [5, 6] }],
    ['incomplete before the head', 0, 3, { rev: 5, complete: false, revs: [1, 2, 5] }],
    ['empty and complete at the head', 6, 50, { rev: 6, complete: true, revs: [] }],
    ['empty and incomplete beyond the head', 7, 50, { rev: 6, complete: false, revs: [] }],
  ])('are %s', async (_case, since, limit, expected) => {
    expect(await changes(since, limit)).toEqual(expected);
  });

  it('are complete since rev 0 for a room without messages', async () => {
    open([]);
    expect(await changes(0, 50)).toEqual({ rev: 0, complete: true, revs: [] });
    expect(await changes(1, 50)).toEqual({ rev: 0, complete: false, revs: [] });
  });

  it('are all returned exactly once when a client follows the pages', async () => {
    const found: number[] = [];
    let since = 0;
    for (;;) {
      const page = await changes(since, 1);
      found.push(...page.revs);
      since = page.rev;
      if (page.complete) break;
    }
    expect(found).toEqual([1, 2, 5, 6]);
  });

  it('are rejected with NOT_FOUND for a user without access to the room', async () => {
    const query = ChangesQuery.parse({ since: '0' });
    await expect(history.changes(identityOf('bob'), 'den', query)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await history.changes(identityOf('ann'), 'den', query)).changes).toHaveLength(4);
  });
});

describe('HistoryQuery and ChangesQuery', () => {
  it.each(['', ' 5', '5 ', '-1', '+1', '1.5', '1e3', '0x1', 'x', '9'.repeat(16), ['1', '2']])(
    'reject %j as a cursor and as a limit',
    (cursor) => {
      expect(HistoryQuery.safeParse({ before: cursor }).success).toBe(false);
      expect(HistoryQuery.safeParse({ limit: cursor }).success).toBe(false);
      expect(ChangesQuery.safeParse({ since: cursor }).success).toBe(false);
    },
  );

  it('reject two cursors, a limit outside 1 to 200 and a missing since', () => {
    expect(HistoryQuery.safeParse({ before: '1', after: '1' }).success).toBe(false);
    for (const limit of ['0', '201']) expect(HistoryQuery.safeParse({ limit }).success).toBe(false);
    expect(HistoryQuery.parse({})).toEqual({ limit: 50 });
    expect(ChangesQuery.safeParse({}).success).toBe(false);
  });
});
