import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_EARLIER_VERSIONS } from '@chat/contracts';
import {
  ConflictingWriterError,
  isUpdate,
  plan,
  RejectedMessageError,
  type LogEntry,
  type MessageStore,
  type StoredMessage,
} from '@chat/messages';
import type { Command, MessageCommand } from '@chat/messages/commands';
import type { OpenedStore, OpenStore } from './opened-store.ts';

const AT = '2026-01-02T03:04:05.678Z';
const LATER = '2026-01-02T03:05:00.000Z';

/**
 * Registers the tests of updates that every MessageStore must pass.
 *
 * @param unstorableText a text that this store rejects
 */
export function describeMessageLog(
  name: string,
  open: OpenStore<MessageStore>,
  unstorableText: string,
): void {
  describe(`${name}MessageStore, for updates of messages,`, () => {
    let opened: OpenedStore<MessageStore>;
    let store: MessageStore;
    let roomId: string;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());
    beforeEach(() => {
      roomId = `room-${randomUUID()}`;
    });

    const create = (text: string): Command => ({
      id: randomUUID(),
      roomId,
      userId: 'ann',
      username: 'ann',
      text,
      clientMessageId: randomUUID(),
      timestamp: AT,
    });
    const command = (
      actor: string,
      content: Pick<MessageCommand, 'kind' | 'payload'>,
      at = LATER,
    ): MessageCommand =>
      ({
        v: 1,
        opId: randomUUID(),
        roomId,
        actor: { userId: actor, username: actor },
        clientMessageId: randomUUID(),
        acceptedAt: at,
        ...content,
      }) as MessageCommand;
    const edit = (messageId: string, text: string) =>
      command('ann', { kind: 'message.edit', payload: { messageId, text } });
    const remove = (messageId: string) =>
      command('ann', { kind: 'message.delete', payload: { messageId } });
    const react = (actor: string, messageId: string, emoji: string, on = true) =>
      command(actor, { kind: 'reaction.set', payload: { messageId, emoji, on } });

    /** Plans commands as a writer does, without storing them. */
    async function planned(...commands: Command[]): Promise<LogEntry[]> {
      const targets = commands.flatMap((planned) =>
        'kind' in planned ? [planned.payload.messageId] : [],
      );
      const found = await store.findByIds(targets);
      const messages = new Map<string, StoredMessage>();
      for (const [id, entry] of found) if (!isUpdate(entry)) messages.set(id, entry);
      return plan(commands, await store.heads([roomId]), messages).map(({ entry }) => entry);
    }

    /** Stores commands in one batch, each with its own rev. Returns the ids of their entries. */
    async function write(...commands: Command[]): Promise<string[]> {
      const entries = await planned(...commands);
      await store.append(entries);
      return entries.map(({ id }) => id);
    }

    /** Stores new messages in one batch and returns their ids. */
    const send = async (...texts: string[]) => (await write(...texts.map(create))) as [string];

    const history = async () => (await store.page(roomId, { kind: 'newest' }, 100)).messages;
    const textsOf = (messages: readonly StoredMessage[]) => messages.map(({ text }) => text);
    const head = async () => (await store.heads([roomId])).get(roomId);

    it('returns a message in its latest state, with the rev of its latest change', async () => {
      const [first, second = ''] = await send('first', 'second');
      await write(edit(first, 'edited'), react('bob', first, '👍'), react('eve', first, '👍'));
      await write(remove(second));
      const expected = [
        {
          id: first,
          seq: 1,
          rev: 5,
          text: 'edited',
          editedAt: LATER,
          reactions: [{ emoji: '👍', userIds: ['bob', 'eve'] }],
        },
        { id: second, seq: 2, rev: 6, text: '', deletedAt: LATER },
      ];
      expect(await history()).toMatchObject(expected);
      const found = await store.findByIds([first, second]);
      expect([found.get(first), found.get(second)]).toMatchObject(expected);
      expect((await store.lastMessages([roomId])).get(roomId)).toMatchObject(expected[1] ?? {});
      expect(await head()).toEqual({ roomId, seq: 2, rev: 6 });
      expect(await store.newerRevs([{ roomId, rev: 5 }])).toEqual([{ roomId, rev: 6 }]);
    });

    it('removes reactions again, and every field of an earlier state', async () => {
      const [id] = await send('hello');
      const [before] = await history();
      await write(react('bob', id, '👍'), react('bob', id, '👍', false));
      expect(await history()).toEqual([{ ...before, rev: 3 }]);
      await write(react('bob', id, '👍'), edit(id, 'edited'), remove(id));
      expect(await history()).toEqual([{ ...before, rev: 6, text: '', deletedAt: LATER }]);
    });

    it('gives every command a rev, also one without effect', async () => {
      const [id] = await send('hello');
      const [none = ''] = await write(react('bob', id, '👍', false));
      expect(await head()).toEqual({ roomId, seq: 1, rev: 2 });
      expect((await store.findByIds([none])).get(none)).toMatchObject({ rev: 2, kind: 'none' });
      expect(await store.changes(roomId, 1, 10)).toMatchObject({ messages: [], rev: 2 });
      expect(textsOf(await history())).toEqual(['hello']);
      await send('next');
      expect(await head()).toEqual({ roomId, seq: 2, rev: 3 });
    });

    it('accepts a batch again after all of it, or its beginning, was stored', async () => {
      const [id] = await send('hello');
      const batch = await planned(edit(id, 'one'), edit(id, 'two'), react('bob', id, '👍'));
      await store.append(batch.slice(0, 1));
      await store.append(batch);
      await write(edit(id, 'three'));
      await store.append(batch);
      expect(await history()).toMatchObject([{ text: 'three', rev: 5, reactions: [{}] }]);
      expect(await store.versions(roomId, id)).toEqual([
        { rev: 1, text: 'hello', at: AT },
        { rev: 2, text: 'one', at: LATER },
        { rev: 4, text: 'two', at: LATER },
      ]);
    });

    it.each<[string, (stored: LogEntry, free: LogEntry) => LogEntry]>([
      ['the rev', ({ rev }, free) => ({ ...free, rev })],
      ['the id', ({ id }, free) => ({ ...free, id })],
    ])('rejects an entry that claims %s of a different entry of any kind', async (_case, claim) => {
      const [first] = await send('first');
      const [update] = await planned(react('bob', first, '👍'));
      if (!update) throw new Error('nothing was planned');
      await store.append([update]);
      const [message] = await history();
      if (!message) throw new Error('there is no message');
      const created = { ...message, id: randomUUID(), seq: 2, rev: 3 };
      const [free] = await planned(react('eve', first, '👎', false));
      if (!free) throw new Error('nothing was planned');
      for (const entry of [claim(update, created), claim({ ...message, rev: 1 }, free)]) {
        await expect(store.append([entry])).rejects.toBeInstanceOf(ConflictingWriterError);
      }
      expect(await history()).toEqual([message]);
      expect(await head()).toEqual({ roomId, seq: 1, rev: 2 });
    });

    it('returns each change once, at its latest rev, whatever the size of the pages', async () => {
      const [a, b = '', c = ''] = await send('a', 'b', 'c');
      await write(edit(a, 'a2'), react('bob', b, '👍'), react('bob', b, '👎', false));
      await write(remove(c), edit(a, 'a3'));
      for (const limit of [1, 2, 3, 5, 100]) {
        const found: StoredMessage[] = [];
        const revs: number[] = [];
        for (let since = 0; since < 8;) {
          const page = await store.changes(roomId, since, limit);
          expect(page.rev).toBe(Math.min(since + limit, 8));
          found.push(...page.messages);
          revs.push(...page.messages.map(({ rev }) => rev));
          since = page.rev;
        }
        expect(textsOf(found)).toEqual(['b', '', 'a3']);
        expect(revs).toEqual([5, 7, 8]);
      }
      expect(await store.changes(roomId, 8, 10)).toMatchObject({ messages: [], rev: 8 });
    });

    it('keeps at most 100 earlier texts of a message, and none after it was deleted', async () => {
      const [id] = await send('0');
      const edits = Array.from({ length: MAX_EARLIER_VERSIONS + 5 }, (_, n) =>
        edit(id, `${n + 1}`),
      );
      await write(...edits);
      const versions = await store.versions(roomId, id);
      expect(versions).toHaveLength(MAX_EARLIER_VERSIONS);
      expect(versions.at(-1)).toMatchObject({ text: `${MAX_EARLIER_VERSIONS + 4}` });
      await write(remove(id));
      expect(await store.versions(roomId, id)).toEqual([]);
    });

    it('finds a message in its latest state by its id and its room', async () => {
      const [id] = await send('hello');
      await write(edit(id, 'edited'), react('bob', id, '👍'));
      const [message] = await history();
      expect(message).toMatchObject({ id, rev: 3, text: 'edited', reactions: [{}] });
      expect(await store.find(roomId, id)).toEqual(message);
      await write(remove(id));
      expect(await store.find(roomId, id)).toMatchObject({
        id,
        rev: 4,
        text: '',
        deletedAt: LATER,
      });
    });

    it('finds no message of another room, no update and no unknown id', async () => {
      const [id] = await send('hello');
      const [update = ''] = await write(edit(id, 'edited'));
      for (const [room, messageId] of [
        [`room-${randomUUID()}`, id],
        [roomId, update],
        [roomId, randomUUID()],
      ] as const) {
        expect(await store.find(room, messageId)).toBeUndefined();
      }
      expect(await store.versions(roomId, update)).toEqual([]);
      expect(await store.versions(roomId, randomUUID())).toEqual([]);
    });

    it('rejects an edit to a text that the store can never accept, and stores nothing of it', async () => {
      const [id] = await send('hello');
      const before = await history();
      await expect(write(edit(id, unstorableText))).rejects.toBeInstanceOf(RejectedMessageError);
      expect(await history()).toEqual(before);
      expect(await head()).toEqual({ roomId, seq: 1, rev: 1 });
      expect(await store.versions(roomId, id)).toEqual([]);
      await write(edit(id, 'edited'));
      expect(textsOf(await history())).toEqual(['edited']);
    });

    it('returns the heads and the stored entries that a writer plans with', async () => {
      const [id] = await send('hello');
      const [edited = ''] = await write(edit(id, 'edited'));
      const empty = `${roomId}-empty`;
      const { heads, entries } = await store.planningState([roomId, empty], [id, edited, 'none']);
      expect(heads).toEqual(
        new Map([
          [roomId, { roomId, seq: 1, rev: 2 }],
          [empty, { roomId: empty, seq: 0, rev: 0 }],
        ]),
      );
      expect([...entries.keys()].sort()).toEqual([id, edited].sort());
      expect(entries.get(id)).toMatchObject({ seq: 1, rev: 2, text: 'edited' });
      expect(entries.get(edited)).toMatchObject({ rev: 2, kind: 'message.edit' });
    });

    it('has nothing to apply when every writer has finished its batches', async () => {
      const [id] = await send('hello');
      await write(edit(id, 'edited'));
      const before = await history();
      await store.applyPending([roomId]);
      expect(await history()).toEqual(before);
    });

    it('keeps 200 reactions of different users on one message', async () => {
      const [id] = await send('popular');
      const users = Array.from({ length: 200 }, (_, n) => `user-${n}`);
      await write(...users.map((user) => react(user, id, '🎉')));
      expect((await history())[0]?.reactions).toEqual([{ emoji: '🎉', userIds: users }]);
      expect(await head()).toEqual({ roomId, seq: 1, rev: 201 });
    });
  });
}
