import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { isUpdate, MessageStore, plan, type LogEntry, type StoredMessage } from '@chat/messages';
import type { Command, MessageCommand } from '@chat/messages/commands';
import { MongoServer } from '@chat/testing';
import { describeWithMongo } from '@chat/testing/suites';
import type { INestApplicationContext } from '@nestjs/common';
import { getConnectionToken, getModelToken } from '@nestjs/mongoose';
import type { Collection, Connection, Model } from 'mongoose';
import { openStorage } from '../../test/open-storage.ts';
import { MongoMessagesStorageModule } from '../index.ts';
import { toDocument } from './log-documents.ts';
import type { MessageVersionDocument } from './message-version.schema.ts';
import type { LogDocument, UpdateDocument } from './message.schema.ts';
import { PendingUpdates } from './pending-updates.ts';

const AT = '2026-01-02T03:04:05.678Z';
const LATER = '2026-01-02T03:05:00.000Z';
const ROOM = 'den';

function create(text: string): Command {
  return {
    id: randomUUID(),
    roomId: ROOM,
    userId: 'ann',
    username: 'ann',
    text,
    clientMessageId: randomUUID(),
    timestamp: AT,
  };
}

function command(userId: string, content: Pick<MessageCommand, 'kind' | 'payload'>): Command {
  return {
    v: 1,
    opId: randomUUID(),
    roomId: ROOM,
    actor: { userId, username: userId },
    clientMessageId: randomUUID(),
    acceptedAt: LATER,
    ...content,
  } as MessageCommand;
}

const edit = (messageId: string, text: string) =>
  command('ann', { kind: 'message.edit', payload: { messageId, text } });
const remove = (messageId: string) =>
  command('ann', { kind: 'message.delete', payload: { messageId } });
const react = (userId: string, messageId: string, on = true) =>
  command(userId, { kind: 'reaction.set', payload: { messageId, emoji: '👍', on } });

await describeWithMongo('MongoMessageStore after a crash between entry and update', () => {
  let server: MongoServer;
  let storage: INestApplicationContext;
  let store: MessageStore;
  let log: Collection<LogDocument>;

  beforeAll(async () => {
    server = await MongoServer.start();
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    const uri = server.url(`test-${randomUUID()}`);
    storage = await openStorage(MongoMessagesStorageModule.forRoot({ uri, timeoutMs: 5_000 }));
    store = storage.get(MessageStore);
    log = storage
      .get<Connection>(getConnectionToken('messages'))
      .collection<LogDocument>('messages');
  });
  afterEach(() => storage.close());

  async function planned(...commands: Command[]): Promise<LogEntry[]> {
    const ids = commands.flatMap((given) => ('kind' in given ? [given.payload.messageId] : []));
    const messages = new Map<string, StoredMessage>();
    for (const [id, entry] of await store.findByIds(ids)) {
      if (!isUpdate(entry)) messages.set(id, entry);
    }
    return plan(commands, await store.heads([ROOM]), messages).map(({ entry }) => entry);
  }

  /** Stores commands as a writer does, and returns their entries. */
  async function write(...commands: Command[]): Promise<LogEntry[]> {
    const entries = await planned(...commands);
    await store.append(entries);
    return entries;
  }

  async function send(...texts: string[]): Promise<[string, ...string[]]> {
    const entries = await write(...texts.map(create));
    return entries.map(({ id }) => id) as [string, ...string[]];
  }

  /** Stores entries as a writer leaves them that crashes before it applies the updates. */
  async function crash(entries: readonly LogEntry[]): Promise<void> {
    await log.insertMany(entries.map(toDocument));
  }

  const headOf = async () => (await store.heads([ROOM])).get(ROOM);
  const newest = () => store.page(ROOM, { kind: 'newest' }, 100);
  const pendingCount = () => log.countDocuments({ pendingIn: { $exists: true } });

  it('shows nothing from the first update on that is not applied', async () => {
    const [first] = await send('first', 'second');
    await crash(await planned(edit(first, 'edited'), create('third'), react('bob', first, false)));
    expect(await headOf()).toEqual({ roomId: ROOM, seq: 2, rev: 2 });
    expect(await store.newerRevs([{ roomId: ROOM, rev: 1 }])).toEqual([{ roomId: ROOM, rev: 2 }]);
    expect(await store.newerRevs([{ roomId: ROOM, rev: 2 }])).toEqual([]);
    const page = await newest();
    expect(page.head).toEqual({ roomId: ROOM, seq: 2, rev: 2 });
    expect(page.messages.map(({ text }) => text)).toEqual(['first', 'second']);
    const changes = await store.changes(ROOM, 0, 100);
    expect(changes).toMatchObject({ rev: 2, head: { rev: 2 } });
    expect(changes.messages.map(({ text }) => text)).toEqual(['first', 'second']);
    expect(await store.changes(ROOM, 2, 100)).toMatchObject({ messages: [], rev: 2 });

    await store.applyPending([ROOM]);
    expect(await headOf()).toEqual({ roomId: ROOM, seq: 3, rev: 5 });
    expect(await store.newerRevs([{ roomId: ROOM, rev: 2 }])).toEqual([{ roomId: ROOM, rev: 5 }]);
    expect((await newest()).messages.map(({ text }) => text)).toEqual([
      'edited',
      'second',
      'third',
    ]);
    const later = await store.changes(ROOM, 2, 100);
    expect(later).toMatchObject({ messages: [{ rev: 3 }, { rev: 4 }], rev: 5 });
    expect(await pendingCount()).toBe(0);
  });

  it('shows other rooms as far as they are applied', async () => {
    const [first] = await send('first');
    await crash(await planned(edit(first, 'edited')));
    const inOther = { ...(await planned(create('other')))[0], roomId: 'other', seq: 1, rev: 1 };
    await store.append([inOther as LogEntry]);
    expect(
      await store.newerRevs([
        { roomId: ROOM, rev: 0 },
        { roomId: 'other', rev: 0 },
      ]),
    ).toEqual(
      expect.arrayContaining([
        { roomId: ROOM, rev: 1 },
        { roomId: 'other', rev: 1 },
      ]),
    );
    await store.applyPending(['other']);
    expect(await headOf()).toMatchObject({ rev: 1 });
  });

  it('applies the updates in rev order, whatever the order of their documents', async () => {
    const [id] = await send('one');
    const entries = await planned(edit(id, 'two'), react('bob', id), edit(id, 'three'));
    await crash(entries.toReversed());
    expect(await headOf()).toMatchObject({ rev: 1 });
    await store.applyPending([ROOM]);
    expect((await newest()).messages).toMatchObject([
      { rev: 4, text: 'three', reactions: [{ emoji: '👍', userIds: ['bob'] }] },
    ]);
    expect(await store.versions(ROOM, id)).toEqual([
      { rev: 1, text: 'one', at: AT },
      { rev: 3, text: 'two', at: LATER },
    ]);
    expect(await headOf()).toMatchObject({ rev: 4 });
  });

  it('applies an update once that was applied before the crash', async () => {
    const [id] = await send('hello');
    const [update] = await write(edit(id, 'edited'));
    await write(react('bob', id));
    if (!update) throw new Error('nothing was planned');
    await log.replaceOne({ _id: update.id }, toDocument(update));
    expect(await headOf()).toMatchObject({ rev: 1 });
    await store.applyPending([ROOM]);
    expect((await newest()).messages).toMatchObject([
      { rev: 3, text: 'edited', reactions: [{ userIds: ['bob'] }] },
    ]);
    expect(await headOf()).toMatchObject({ rev: 3 });
    expect(await store.versions(ROOM, id)).toHaveLength(1);
  });

  it('changes nothing when a writer that lost its partition applies an update late', async () => {
    const [id] = await send('one');
    const late = await planned(edit(id, 'two'), react('bob', id));
    await crash(late);
    await store.applyPending([ROOM]);
    await write(edit(id, 'three'), react('bob', id, false));
    const before = await newest();
    await store.append(late);
    expect(await newest()).toEqual(before);
    expect(before.messages).toMatchObject([{ rev: 5, text: 'three' }]);
    expect(before.messages[0]).not.toHaveProperty('reactions');
    expect(await pendingCount()).toBe(0);
  });

  it('keeps no earlier text of a deleted message, also when an edit is applied late', async () => {
    const [id] = await send('one');
    const late = await planned(edit(id, 'two'));
    await crash(late);
    await store.applyPending([ROOM]);
    expect(await store.versions(ROOM, id)).toHaveLength(1);
    await write(remove(id));
    expect(await store.versions(ROOM, id)).toEqual([]);
    await store.append(late);
    expect(await store.versions(ROOM, id)).toEqual([]);
    expect((await newest()).messages).toMatchObject([{ rev: 3, text: '', deletedAt: LATER }]);
  });

  it('keeps no earlier text of a deleted message when a late writer crashes while it applies an edit', async () => {
    const [id] = await send('secret one');
    const late = await planned(edit(id, 'secret two'));
    await crash(late);
    await store.applyPending([ROOM]);
    await write(remove(id));
    const versions = storage.get<Model<MessageVersionDocument>>(
      getModelToken('MessageVersion', 'messages'),
    );
    const crashingLog = { bulkWrite: () => Promise.reject(new Error('crashed')) };
    const lateWriter = new PendingUpdates(crashingLog as unknown as Model<LogDocument>, versions);
    const documents = late.map(toDocument) as UpdateDocument[];
    await expect(lateWriter.apply(documents)).rejects.toThrow('crashed');
    expect(JSON.stringify(await versions.find().lean())).not.toContain('secret');
  });

  it('finds a message once every earlier update is applied', async () => {
    const [first] = await send('first');
    const [update, second] = await planned(edit(first, 'edited'), create('second'));
    if (!update || !second) throw new Error('nothing was planned');
    await crash([update, second]);
    expect(await store.find(ROOM, first)).toMatchObject({ text: 'first' });
    expect(await store.find(ROOM, second.id)).toBeUndefined();
    await store.applyPending([ROOM]);
    expect(await store.find(ROOM, first)).toMatchObject({ text: 'edited' });
    expect(await store.find(ROOM, second.id)).toMatchObject({ text: 'second' });
  });

  it('returns the current text as an earlier one only after the edit was applied', async () => {
    const [id] = await send('one');
    await write(edit(id, 'two'));
    const late = await planned(edit(id, 'three'));
    await crash(late);
    const versions = storage.get<Model<MessageVersionDocument>>(
      getModelToken('MessageVersion', 'messages'),
    );
    await versions.create({ _id: `${id}:2`, messageId: id, rev: 2, text: 'two', at: LATER });
    const one = { rev: 1, text: 'one', at: AT };
    expect(await store.versions(ROOM, id)).toEqual([one]);
    await store.applyPending([ROOM]);
    expect(await store.versions(ROOM, id)).toEqual([one, { rev: 2, text: 'two', at: LATER }]);
  });

  it('returns no earlier text of a message whose deletion is not applied', async () => {
    const [id] = await send('one');
    await write(edit(id, 'two'));
    await crash(await planned(remove(id)));
    expect(await store.versions(ROOM, id)).toEqual([]);
  });

  it('keeps no text of a deleted message in the log', async () => {
    const [id] = await send('secret one');
    await crash(await planned(edit(id, 'secret two'), edit(id, 'secret three'), remove(id)));
    await store.applyPending([ROOM]);
    expect(await store.versions(ROOM, id)).toEqual([]);
    expect(JSON.stringify(await log.find().toArray())).not.toContain('secret');
  });

  it('rejects changes with UNAVAILABLE when an entry is missing, as after a failover', async () => {
    const [, second = ''] = await send('first', 'second', 'third');
    await log.deleteOne({ _id: second });
    const unavailable = { code: 'UNAVAILABLE' };
    await expect(store.changes(ROOM, 0, 100)).rejects.toMatchObject(unavailable);
    await expect(store.changes(ROOM, 1, 100)).rejects.toMatchObject(unavailable);
    await expect(newest()).rejects.toMatchObject(unavailable);
    expect(await store.changes(ROOM, 2, 100)).toMatchObject({ messages: [{ text: 'third' }] });
  });

  it('rejects changes with UNAVAILABLE when a message lacks an update, as after a failover', async () => {
    const [id] = await send('first');
    await write(edit(id, 'edited'));
    await log.updateOne({ _id: id }, { $set: { text: 'first' }, $unset: { changedRev: 1 } });
    await expect(store.changes(ROOM, 1, 100)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('has no last message in a room whose log has only a command without effect', async () => {
    await write(react('bob', 'no-such-message'));
    expect(await headOf()).toEqual({ roomId: ROOM, seq: 0, rev: 1 });
    expect(await store.lastMessages([ROOM])).toEqual(new Map());
  });

  it('rejects changes with UNAVAILABLE when the message of an update is missing', async () => {
    const [id] = await send('first', 'second');
    await write(edit(id, 'edited'));
    await log.deleteOne({ _id: id });
    await expect(store.changes(ROOM, 2, 100)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
