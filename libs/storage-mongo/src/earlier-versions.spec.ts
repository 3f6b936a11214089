import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Member, Message, OwnUser, Room } from '@chat/contracts';
import { MessageStore, plan, type StoredMessage } from '@chat/messages';
import { RoomStore } from '@chat/rooms';
import { MongoServer } from '@chat/testing';
import { describeWithMongo } from '@chat/testing/suites';
import { UserStore } from '@chat/users';
import type { INestApplicationContext } from '@nestjs/common';
import { createConnection, mongo } from 'mongoose';
import { openStorage } from '../test/open-storage.ts';
import { MongoMessagesStorageModule, MongoUsersStorageModule } from './index.ts';

/**
 * The collections of commit 91de487, of November 2026, before rooms had a change log, written by
 * its services; and what these returned.
 */
const BEFORE_CHANGE_LOG = fileURLToPath(new URL('../test/data-before-change-log', import.meta.url));
const AT = '2026-12-01T00:00:00.000Z';
const GENERAL = 'general';

interface SavedCollection {
  readonly indexes: (mongo.CreateIndexesOptions & { readonly key: mongo.IndexSpecification })[];
  readonly documents: mongo.Document[];
}
/** Collections by name, by database. */
type SavedDatabases = Record<'messages' | 'users', Record<string, SavedCollection>>;

interface Expected {
  readonly users: OwnUser[];
  readonly rooms: (Room & { readonly seq: number; readonly rev: number })[];
  readonly members: Record<string, Member[]>;
  readonly messages: Record<string, Message[]>;
  readonly deletedRoom: string;
}

await describeWithMongo('MongoDB databases of an earlier version', () => {
  let server: MongoServer;
  let saved: SavedDatabases;
  let expected: Expected;
  let uris: { readonly messages: string; readonly users: string };
  let opened: INestApplicationContext[];

  beforeAll(async () => {
    server = await MongoServer.start();
    const read = (name: string) => readFile(join(BEFORE_CHANGE_LOG, name), 'utf8');
    saved = mongo.BSON.EJSON.parse(await read('documents.json')) as SavedDatabases;
    expected = JSON.parse(await read('expected.json')) as Expected;
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    opened = [];
    uris = { messages: server.url(randomUUID()), users: server.url(randomUUID()) };
    await load(uris.messages, saved.messages);
    await load(uris.users, saved.users);
  });
  afterEach(async () => {
    for (const storage of opened) await storage.close();
  });

  async function openMessages(): Promise<INestApplicationContext> {
    const module = MongoMessagesStorageModule.forRoot({ uri: uris.messages, timeoutMs: 10_000 });
    const storage = await openStorage(module);
    opened.push(storage);
    return storage;
  }

  it('open with every user', async () => {
    const module = MongoUsersStorageModule.forRoot({ uri: uris.users, timeoutMs: 10_000 });
    const storage = await openStorage(module);
    opened.push(storage);
    const users = storage.get(UserStore);
    for (const { id, email, username, displayName, createdAt } of expected.users) {
      const user = { id, email, username, displayName, createdAt };
      expect(await users.findById(id)).toMatchObject(user);
      expect(await users.findByEmail(email.toUpperCase())).toMatchObject(user);
    }
  });

  it('open with every room and member, and without the deleted room', async () => {
    const rooms = (await openMessages()).get(RoomStore);
    for (const { id, name, visibility, topic, createdAt } of expected.rooms) {
      expect(await rooms.findRoom(id)).toMatchObject({ id, name, visibility, createdAt });
      expect((await rooms.findRoom(id))?.topic).toBe(topic);
      const members = expected.members[id] ?? [];
      const memberships = members.map(({ userId }) => ({ roomId: id, userId }));
      const found = await rooms.findMembers(memberships);
      expect(found.toSorted(byUser)).toEqual(
        members
          .map(({ userId, role, joinedAt }) => ({ roomId: id, userId, role, joinedAt }))
          .toSorted(byUser),
      );
    }
    expect(await rooms.findRoom(expected.deletedRoom)).toBeUndefined();
    expect(await rooms.findDeleted([expected.deletedRoom])).toEqual(
      new Set([expected.deletedRoom]),
    );
  });

  it('open with every message, in the history and in the changes', async () => {
    const messages = (await openMessages()).get(MessageStore);
    for (const { id, seq, rev } of expected.rooms) {
      const head = { roomId: id, seq, rev };
      expect(await messages.page(id, { kind: 'newest' }, 200)).toEqual({
        messages: expected.messages[id],
        head,
      });
      expect(await messages.changes(id, 0, 200)).toEqual({
        messages: expected.messages[id],
        rev,
        head,
      });
    }
  });

  describe('with changes of earlier messages and a new one', () => {
    let earlier: Message[];
    let store: MessageStore;

    beforeEach(async () => {
      earlier = expected.messages[GENERAL] ?? [];
      const first = await openMessages();
      await changeEarlierMessages(first.get(MessageStore), earlier);
      await first.close();
      opened = [];
      store = (await openMessages()).get(MessageStore);
    });

    it('have them with the next revs after a restart, and other messages unchanged', async () => {
      const { messages, head } = await store.page(GENERAL, { kind: 'newest' }, 200);
      const [edited, deleted, reacted, ...others] = messages;
      expect(head).toEqual({ roomId: GENERAL, seq: 13, rev: 16 });
      expect(edited).toEqual({ ...earlier[0], rev: 13, text: 'edited', editedAt: AT });
      expect(deleted).toEqual({ ...earlier[1], rev: 14, text: '', deletedAt: AT });
      const reactions = [{ emoji: '👍', userIds: [earlier[1]?.userId] }];
      expect(reacted).toEqual({ ...earlier[2], rev: 15, reactions });
      expect(others.slice(0, -1)).toEqual(earlier.slice(3));
      expect(others.at(-1)).toMatchObject({ seq: 13, rev: 16, text: 'sent by this version' });
    });

    it('return each changed message once, at its latest rev', async () => {
      const { messages, rev } = await store.changes(GENERAL, 0, 200);
      expect(messages.map((message) => message.rev)).toEqual([
        ...earlier.slice(3).map((message) => message.rev),
        ...[13, 14, 15, 16],
      ]);
      expect(rev).toBe(16);
    });

    it('keep the replaced text of the edited message, and none of the deleted one', async () => {
      const [edited, deleted] = earlier;
      expect(await store.versions(GENERAL, edited?.id ?? '')).toEqual([
        { rev: 1, text: edited?.text, at: edited?.timestamp },
      ]);
      expect(await store.versions(GENERAL, deleted?.id ?? '')).toEqual([]);
    });
  });
});

async function load(uri: string, collections: Record<string, SavedCollection>): Promise<void> {
  const connection = await createConnection(uri).asPromise();
  try {
    for (const [name, { indexes, documents }] of Object.entries(collections)) {
      const collection = connection.collection(name);
      for (const { key, ...options } of indexes) await collection.createIndex(key, options, {});
      await collection.insertMany(documents);
    }
  } finally {
    await connection.close();
  }
}

/** Edits the first message, deletes the second, reacts to the third, and sends a new one. */
async function changeEarlierMessages(
  store: MessageStore,
  [first, second, third]: readonly StoredMessage[],
): Promise<void> {
  if (!first || !second || !third) throw new Error('there are too few messages');
  const command = (letter: string, { userId, username }: StoredMessage) => ({
    v: 1 as const,
    opId: letter.repeat(22),
    roomId: GENERAL,
    actor: { userId, username },
    clientMessageId: letter,
    acceptedAt: AT,
  });
  const commands: Parameters<typeof plan>[0] = [
    {
      ...command('e', first),
      kind: 'message.edit',
      payload: { messageId: first.id, text: 'edited' },
    },
    { ...command('d', second), kind: 'message.delete', payload: { messageId: second.id } },
    {
      ...command('r', second),
      kind: 'reaction.set',
      payload: { messageId: third.id, emoji: '👍', on: true },
    },
    {
      id: 's'.repeat(22),
      roomId: GENERAL,
      userId: first.userId,
      username: first.username,
      text: 'sent by this version',
      clientMessageId: 's',
      timestamp: AT,
    },
  ];
  const heads = await store.heads([GENERAL]);
  const targets = new Map([first, second, third].map((message) => [message.id, message]));
  await store.append(plan(commands, heads, targets).map(({ entry }) => entry));
}

function byUser(left: { userId: string }, right: { userId: string }): number {
  return left.userId < right.userId ? -1 : 1;
}
