import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ConflictingWriterError,
  PartitionWriter,
  RejectionLimit,
  RejectedMessageError,
  type MessageStore,
  type PageCursor,
  type StoredMessage,
} from '@chat/messages';
import { legacyMessageIdOf, messageIdOf } from '@chat/messages/commands';
import { SPECIAL_IDS } from './special-ids.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

function message(
  roomId: string,
  seq: number,
  overrides: Partial<StoredMessage> = {},
): StoredMessage {
  return {
    id: randomUUID(),
    roomId,
    seq,
    rev: seq,
    userId: 'u1',
    username: 'ada',
    text: `message ${seq}`,
    timestamp: '2026-01-02T03:04:05.678Z',
    clientMessageId: randomUUID(),
    ...overrides,
  };
}

/** Creates a writer over the store, for tests of guarantees that need both. */
function createWriter(store: MessageStore): PartitionWriter {
  return new PartitionWriter(
    store,
    { deletedOf: () => Promise.resolve(new Set()) },
    { publish: () => undefined },
    { update: () => undefined, flush: () => undefined },
    {
      stored: () => undefined,
      failed: () => undefined,
      rejected: () => undefined,
      stopped: () => undefined,
    },
    new RejectionLimit(),
  );
}

const newRoom = (): string => `room-${randomUUID()}`;
const createMessages = (roomId: string, from: number, to: number): StoredMessage[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(roomId, from + index));

/**
 * Registers the tests that every MessageStore must pass.
 *
 * @param unstorable fields that make a message unstorable in this store
 */
export function describeMessageStore(
  name: string,
  open: OpenStore<MessageStore>,
  unstorable: Partial<StoredMessage>,
): void {
  describe(`${name}MessageStore`, () => {
    let opened: OpenedStore<MessageStore>;
    let store: MessageStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    const readAll = async (roomId: string): Promise<StoredMessage[]> =>
      (await store.page(roomId, { kind: 'after', seq: 0 }, 10_000)).messages;

    it('returns appended messages unchanged, regardless of their text', async () => {
      const roomId = newRoom();
      const { clientMessageId: _, ...bare } = message(roomId, 3);
      const messages = [
        message(roomId, 1, {
          text: '🌊 Grüße, שלום, \u0000 "quoted" \\ \n\t \u{1F468}\u200D\u{1F469}',
        }),
        message(roomId, 2, { text: 'x'.repeat(4_000), userId: '{"$gt":""}', username: "'; --" }),
        bare,
      ];
      await store.append(messages);
      expect(await readAll(roomId)).toEqual(messages);
      expect(await store.findByIds([bare.id])).toEqual(new Map([[bare.id, bare]]));
    });

    it('returns whole pages of 200 messages of maximum length for every kind of cursor', async () => {
      const roomId = newRoom();
      const text = '\u20AC'.repeat(4_000);
      const messages = createMessages(roomId, 1, 220).map((created) => ({ ...created, text }));
      await store.append(messages);
      const page = async (cursor: PageCursor) => (await store.page(roomId, cursor, 200)).messages;
      expect(await page({ kind: 'newest' })).toEqual(messages.slice(20));
      expect(await page({ kind: 'before', seq: 211 })).toEqual(messages.slice(10, 210));
      expect(await page({ kind: 'after', seq: 10 })).toEqual(messages.slice(10, 210));
      expect(await page({ kind: 'around', seq: 110 })).toEqual(messages.slice(9, 209));
      expect(await page({ kind: 'after', seq: 215 })).toEqual(messages.slice(215));
      const { messages: changes, head } = await store.changes(roomId, 5, 200);
      expect(changes).toEqual(messages.slice(5, 205));
      expect(head).toEqual({ roomId, seq: 220, rev: 220 });
    });

    it('stores a batch for two rooms, keeping the order within each room', async () => {
      const [a, b] = [newRoom(), newRoom()];
      const inA = createMessages(a, 1, 300);
      const inB = createMessages(b, 1, 300);
      await store.append(inA.flatMap((first, index) => [first, inB[index] ?? first]));
      expect(await readAll(a)).toEqual(inA);
      expect(await readAll(b)).toEqual(inB);
      await store.append([]);
    });

    it('accepts a batch again after all of it, or its beginning, was stored', async () => {
      const roomId = newRoom();
      const messages = createMessages(roomId, 1, 20);
      await store.append(messages.slice(0, 7));
      await store.append(messages);
      await store.append(messages);
      expect(await readAll(roomId)).toEqual(messages);
    });

    it('accepts a batch again while it is being stored, and after later batches', async () => {
      const roomId = newRoom();
      const messages = createMessages(roomId, 1, 50);
      await Promise.all([messages, messages, messages].map((same) => store.append(same)));
      const later = createMessages(roomId, 51, 60);
      await store.append(later);
      await store.append(messages);
      expect(await readAll(roomId)).toEqual([...messages, ...later]);
    });

    it.each(SPECIAL_IDS)('stores %p literally as an id and as a text', async (text) => {
      const special = message(text, 1, { id: text, userId: text, username: text, text });
      await store.append([special]);
      expect(await readAll(text)).toEqual([special]);
      expect(await store.findByIds([text])).toEqual(new Map([[text, special]]));
      expect(await store.lastMessages([text])).toEqual(new Map([[text, special]]));
      expect(await store.heads([text])).toEqual(
        new Map([[text, { roomId: text, seq: 1, rev: 1 }]]),
      );
    });

    it('keeps the first message when its id is appended with a different text', async () => {
      const roomId = newRoom();
      const first = message(roomId, 1);
      await store.append([first]);
      await store.append([{ ...first, text: 'changed' }]);
      expect(await readAll(roomId)).toEqual([first]);
    });

    it('keeps one message per text for an id that an earlier version stored', async () => {
      const roomId = 'earlier-version';
      // The first version derived it from user u1, this room and clientMessageId 1.
      const id = 'BkdWkV55ZPkyMsQ3ZYnb7w';
      const stored = message(roomId, 1, { id, clientMessageId: '1', text: 'hello' });
      await store.append([stored]);
      const writer = createWriter(store);
      const retry = (text: string) => {
        const content = { userId: 'u1', roomId, clientMessageId: '1', text };
        const { username, timestamp } = stored;
        const current = { ...content, id: messageIdOf(content), username, timestamp };
        return [current, { ...current, id: legacyMessageIdOf(content) }];
      };
      for (const event of retry('hello')) expect(await writer.write(event)).toEqual(stored);
      const others = await Promise.all(retry('different').map((event) => writer.write(event)));
      const [other] = others;
      expect(other).toMatchObject({ seq: 2, text: 'different' });
      expect(others).toEqual([other, other]);
      for (const event of retry('different')) expect(await writer.write(event)).toEqual(other);
      expect(await readAll(roomId)).toEqual([stored, other]);
      await writer.close();
    });

    it.each<[string, (stored: StoredMessage) => Partial<StoredMessage>]>([
      ['an id', ({ id }) => ({ id, seq: 5, rev: 5 })],
      ['a seq', ({ seq }) => ({ seq, rev: 5 })],
      ['a rev', ({ rev }) => ({ seq: 5, rev })],
    ])(
      'rejects a batch that claims %s of a different message, without leaving a gap',
      async (_case, claim) => {
        const roomId = newRoom();
        const stored = createMessages(roomId, 1, 3);
        await store.append(stored);
        const [, second] = stored;
        if (!second) throw new Error('there is no second message');
        const batch = [message(roomId, 4), message(roomId, 5, claim(second)), message(roomId, 6)];
        await expect(store.append(batch)).rejects.toBeInstanceOf(ConflictingWriterError);
        const seqs = (await readAll(roomId)).map(({ seq }) => seq);
        expect(seqs).toEqual(seqs.map((_, index) => index + 1));
        expect(seqs.length).toBeLessThanOrEqual(4);
        expect((await readAll(roomId)).slice(0, 3)).toEqual(stored);
      },
    );

    it('rejects a message whose id exists in a different room', async () => {
      const [roomId, otherRoomId] = [newRoom(), newRoom()];
      const existing = message(otherRoomId, 1);
      await store.append([existing]);
      const conflicting = message(roomId, 1, { id: existing.id });
      await expect(store.append([conflicting])).rejects.toBeInstanceOf(ConflictingWriterError);
      expect(await readAll(roomId)).toEqual([]);
      expect(await readAll(otherRoomId)).toEqual([existing]);
    });

    it.each([0, 3, 6])(
      'stores neither a conflicting message nor any after it (index %p of 7)',
      async (position) => {
        const roomId = newRoom();
        const batch = createMessages(roomId, 1, 7);
        const existing = message(roomId, position + 1);
        await store.append([...batch.slice(0, position), existing]);
        for (let attempt = 0; attempt < 2; attempt += 1) {
          await expect(store.append(batch)).rejects.toBeInstanceOf(ConflictingWriterError);
          expect(await readAll(roomId)).toEqual([...batch.slice(0, position), existing]);
        }
      },
    );

    it.each([0, 3, 6])(
      'stores neither an unstorable message nor any after it (index %p of 7)',
      async (position) => {
        const roomId = newRoom();
        const batch = createMessages(roomId, 1, 7);
        const rejected = batch.map((created, index) =>
          index === position ? { ...created, ...unstorable } : created,
        );
        for (let attempt = 0; attempt < 2; attempt += 1) {
          await expect(store.append(rejected)).rejects.toBeInstanceOf(RejectedMessageError);
          const stored = await readAll(roomId);
          expect(stored.length).toBeLessThanOrEqual(position);
          expect(stored).toEqual(batch.slice(0, stored.length));
        }
        await store.append(batch);
        expect(await readAll(roomId)).toEqual(batch);
      },
    );

    it('lets a writer store the messages around unstorable ones without a gap', async () => {
      const rooms = [newRoom(), newRoom()];
      const writer = createWriter(store);
      const events = Array.from({ length: 40 }, (_, n) => {
        const created = message(rooms[n % 2] ?? '', 1, { text: `text ${n}` });
        return { ...created, clientMessageId: `${n}`, ...(n % 13 === 5 ? unstorable : {}) };
      });
      const outcomes = await Promise.allSettled(events.map((event) => writer.write(event)));
      const rejected = outcomes.flatMap((outcome, n) => (outcome.status === 'rejected' ? [n] : []));
      expect(rejected).toEqual([5, 18, 31]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          expect(outcome.reason).toBeInstanceOf(RejectedMessageError);
      }
      for (const roomId of rooms) {
        const expected = events.filter(
          (event, n) => event.roomId === roomId && !rejected.includes(n),
        );
        const stored = (await readAll(roomId)).map(({ text, seq, rev }) => [text, seq, rev]);
        expect(stored).toEqual(expected.map(({ text }, n) => [text, n + 1, n + 1]));
      }
      await writer.close();
    });

    it('rejects at least one of two batches that race for the same seqs, leaving no gap', async () => {
      const roomId = newRoom();
      const batches = [createMessages(roomId, 1, 50), createMessages(roomId, 1, 50)];
      const outcomes = await Promise.allSettled(batches.map((batch) => store.append(batch)));
      const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(rejected.length).toBeGreaterThan(0);
      for (const { reason } of rejected) expect(reason).toBeInstanceOf(ConflictingWriterError);
      const seqs = (await readAll(roomId)).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    });

    it('finds the stored messages among 1,250 ids', async () => {
      const roomId = newRoom();
      const messages = createMessages(roomId, 1, 1_200);
      await store.append(messages);
      const unknown = Array.from({ length: 50 }, () => randomUUID());
      const found = await store.findByIds([...messages.map(({ id }) => id), ...unknown]);
      expect(found.size).toBe(1_200);
      expect(found.get(messages[700]?.id ?? '')).toEqual(messages[700]);
      expect(await store.findByIds([])).toEqual(new Map());
    });

    it('orders the last message by seq and the changes by rev', async () => {
      const roomId = newRoom();
      const messages = [3, 1, 2].map((rev, index) => message(roomId, index + 1, { rev }));
      await store.append(messages);
      const head = { roomId, seq: 3, rev: 3 };
      expect(await store.heads([roomId])).toEqual(new Map([[roomId, head]]));
      expect(await store.lastMessages([roomId])).toEqual(new Map([[roomId, messages[2]]]));
      const inRevOrder = [messages[1], messages[2], messages[0]];
      expect(await store.changes(roomId, 0, 10)).toEqual({ messages: inRevOrder, rev: 3, head });
      expect((await store.changes(roomId, 1, 1)).messages).toEqual([messages[2]]);
    });

    it('returns pages and changes that end at their head while messages are appended', async () => {
      const roomId = newRoom();
      const messages = createMessages(roomId, 1, 150);
      const appends = (async () => {
        for (const created of messages) await store.append([created]);
      })();
      for (let since = 0; since < 150;) {
        const newest = await store.page(roomId, { kind: 'newest' }, 5);
        expect(newest.messages.at(-1)?.seq ?? 0).toBe(newest.head.seq);
        // A reader continues from the head's rev: the page must not miss a message before it.
        expect(newest.messages.at(-1)?.rev ?? 0).toBeGreaterThanOrEqual(newest.head.rev);
        const changes = await store.changes(roomId, since, 1_000);
        expect(changes.messages).toEqual(messages.slice(since, changes.head.rev));
        since = changes.head.rev;
      }
      await appends;
    });

    it('returns the heads of 300 rooms', async () => {
      const rooms = Array.from({ length: 300 }, newRoom);
      await store.append(rooms.map((roomId) => message(roomId, 1)));
      const heads = await store.heads(rooms);
      expect([...heads.values()]).toEqual(rooms.map((roomId) => ({ roomId, seq: 1, rev: 1 })));
    });

    it('returns heads and last messages that are no older than the call while others read them', async () => {
      const roomId = newRoom();
      const messages = createMessages(roomId, 1, 20);
      for (const next of messages) {
        const earlier = [store.heads([roomId]), store.lastMessages([roomId])];
        await store.append([next]);
        const [heads, last] = await Promise.all([
          store.heads([roomId]),
          store.lastMessages([roomId]),
        ]);
        expect(heads.get(roomId)?.seq).toBe(next.seq);
        expect(last.get(roomId)?.id).toBe(next.id);
        await Promise.all(earlier);
      }
    });

    it('returns the revs of those rooms, among 301, that are ahead of the known revs', async () => {
      const rooms = Array.from({ length: 300 }, newRoom);
      await store.append(rooms.flatMap((roomId) => createMessages(roomId, 1, 3)));
      const known = rooms.map((roomId, n) => ({ roomId, rev: n % 5 }));
      const expected = known.filter(({ rev }) => rev < 3).map(({ roomId }) => ({ roomId, rev: 3 }));
      const byRoom = (a: { roomId: string }, b: { roomId: string }): number =>
        a.roomId < b.roomId ? -1 : 1;
      const found = await store.newerRevs([...known, { roomId: newRoom(), rev: 0 }]);
      expect(found.toSorted(byRoom)).toEqual(expected.toSorted(byRoom));
      expect(await store.newerRevs([])).toEqual([]);
    });

    it('returns the head and last message of a room, and head 0 and no message for an empty room', async () => {
      const [long, empty] = [newRoom(), newRoom()];
      const messages = createMessages(long, 1, 30);
      await store.append(messages);
      expect(await store.heads([long, empty])).toEqual(
        new Map([
          [long, { roomId: long, seq: 30, rev: 30 }],
          [empty, { roomId: empty, seq: 0, rev: 0 }],
        ]),
      );
      expect(await store.lastMessages([long, empty])).toEqual(new Map([[long, messages[29]]]));
      expect(await store.heads([])).toEqual(new Map());
      expect(await store.lastMessages([])).toEqual(new Map());
    });

    describe('when it reads a room', () => {
      const roomId = newRoom();
      beforeAll(() => store.append(createMessages(roomId, 1, 10)));

      const range = (from: number, to: number): number[] =>
        Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

      it.each<[string, PageCursor, number, number[]]>([
        ['the 3 newest messages', { kind: 'newest' }, 3, range(8, 10)],
        ['the 50 newest messages', { kind: 'newest' }, 50, range(1, 10)],
        ['3 messages before seq 1', { kind: 'before', seq: 1 }, 3, []],
        ['5 messages before seq 3', { kind: 'before', seq: 3 }, 5, range(1, 2)],
        ['3 messages before seq 8', { kind: 'before', seq: 8 }, 3, range(5, 7)],
        ['2 messages before seq 99, beyond the head', { kind: 'before', seq: 99 }, 2, range(9, 10)],
        ['3 messages before seq 0', { kind: 'before', seq: 0 }, 3, []],
        ['1 message before seq 10', { kind: 'before', seq: 10 }, 1, [9]],
        [
          '2 messages before seq 10^15 - 1',
          { kind: 'before', seq: 999_999_999_999_999 },
          2,
          range(9, 10),
        ],
        ['1 message after seq 1', { kind: 'after', seq: 1 }, 1, [2]],
        ['2 messages after seq 10^15 - 1', { kind: 'after', seq: 999_999_999_999_999 }, 2, []],
        ['2 messages around seq 5', { kind: 'around', seq: 5 }, 2, range(4, 5)],
        ['1 message around seq 1', { kind: 'around', seq: 1 }, 1, [1]],
        ['5 messages around seq 2', { kind: 'around', seq: 2 }, 5, range(1, 5)],
        ['5 messages around seq 9', { kind: 'around', seq: 9 }, 5, range(6, 10)],
        ['1 message around seq 10, the head', { kind: 'around', seq: 10 }, 1, [10]],
        ['2 messages around seq 10, the head', { kind: 'around', seq: 10 }, 2, range(9, 10)],
        ['1 message around seq 11, beyond the head', { kind: 'around', seq: 11 }, 1, [10]],
        ['10 messages around seq 5', { kind: 'around', seq: 5 }, 10, range(1, 10)],
        ['3 messages after seq 0', { kind: 'after', seq: 0 }, 3, range(1, 3)],
        ['5 messages after seq 8', { kind: 'after', seq: 8 }, 5, range(9, 10)],
        ['5 messages after seq 10, the head', { kind: 'after', seq: 10 }, 5, []],
        ['5 messages after seq 99, beyond the head', { kind: 'after', seq: 99 }, 5, []],
        ['3 messages around seq 5', { kind: 'around', seq: 5 }, 3, range(4, 6)],
        ['4 messages around seq 5', { kind: 'around', seq: 5 }, 4, range(3, 6)],
        ['1 message around seq 5', { kind: 'around', seq: 5 }, 1, [5]],
        ['4 messages around seq 1', { kind: 'around', seq: 1 }, 4, range(1, 4)],
        ['4 messages around seq 10, the head', { kind: 'around', seq: 10 }, 4, range(7, 10)],
        ['4 messages around seq 99, beyond the head', { kind: 'around', seq: 99 }, 4, range(7, 10)],
        ['4 messages around seq 0', { kind: 'around', seq: 0 }, 4, range(1, 4)],
        ['50 messages around seq 5', { kind: 'around', seq: 5 }, 50, range(1, 10)],
      ])(
        'returns at most %s, oldest first, with the head',
        async (_case, cursor, limit, expected) => {
          const { messages, head } = await store.page(roomId, cursor, limit);
          expect(messages.map(({ seq }) => seq)).toEqual(expected);
          expect(head).toEqual({ roomId, seq: 10, rev: 10 });
        },
      );

      it('returns no messages and head 0 when the room is empty', async () => {
        const empty = newRoom();
        const nothing = { messages: [], head: { roomId: empty, seq: 0, rev: 0 } };
        expect(await store.page(empty, { kind: 'newest' }, 10)).toEqual(nothing);
        expect(await store.changes(empty, 0, 10)).toEqual({ ...nothing, rev: 0 });
        for (const kind of ['before', 'after', 'around'] as const) {
          const page = await store.page(empty, { kind, seq: 1 }, 10);
          expect(page).toEqual(nothing);
        }
      });

      it.each([
        [0, 3, range(1, 3)],
        [0, 10, range(1, 10)],
        [4, 1, [5]],
        [8, 10, range(9, 10)],
        [10, 10, []],
        [99, 10, []],
      ])(
        'returns the changes after rev %p, at most %p, in rev order',
        async (since, limit, expected) => {
          const { messages, head } = await store.changes(roomId, since, limit);
          expect(messages.map(({ rev }) => rev)).toEqual(expected);
          expect(head).toEqual({ roomId, seq: 10, rev: 10 });
        },
      );
    });
  });
}
