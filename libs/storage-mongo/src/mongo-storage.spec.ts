import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, Role } from '@chat/contracts';
import { MessageStore } from '@chat/messages';
import { StartError, UnavailableError } from '@chat/platform/failures';
import { HealthChecks } from '@chat/platform/monitoring';
import { RoomStore, type MemberRecord } from '@chat/rooms';
import { eventually, FaultProxy, MongoServer } from '@chat/testing';
import { describeWithMongo } from '@chat/testing/suites';
import { UserStore } from '@chat/users';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { getConnectionToken, getModelToken } from '@nestjs/mongoose';
import type { Connection, Model, mongo } from 'mongoose';
import { openStorage } from '../test/open-storage.ts';
import { MongoMessagesStorageModule, MongoUsersStorageModule } from './index.ts';
import type { MemberDocument } from './rooms/member.schema.ts';
import { OwnerTransfers } from './rooms/owner-transfers.ts';
import type { RoomDocument } from './rooms/room.schema.ts';

const TIMEOUT_MS = 1_000;
const BATCH = 200;
const ROOMS_PER_KILL = 100;
const READERS = 8;
const KILLS = 5;

function batchFrom(first: number): Message[] {
  return Array.from({ length: BATCH }, (_, index) => {
    const seq = first + index;
    return {
      id: `message-${seq}`,
      roomId: 'den',
      seq,
      rev: seq,
      userId: 'ada',
      username: 'Ada',
      text: `message ${seq}`,
      timestamp: '2026-01-02T03:04:05.678Z',
    };
  });
}

/** Retries until success, like the writer of a partition; returns the number of failures. */
async function retryUntilSuccess(operation: () => Promise<void>): Promise<number> {
  for (let failures = 0; ; failures += 1) {
    try {
      await operation();
      return failures;
    } catch (error) {
      expect(error).toBeInstanceOf(UnavailableError);
    }
  }
}

/** Counts log messages. */
class CountingLogger implements LoggerService {
  readonly #messages: unknown[] = [];

  count(message: string): number {
    return this.#messages.filter((logged) => logged === message).length;
  }
  log(...args: unknown[]): void {
    this.#messages.push(...args);
  }
  warn(...args: unknown[]): void {
    this.#messages.push(...args);
  }
  error(...args: unknown[]): void {
    this.#messages.push(...args);
  }
}

await describeWithMongo('the MongoDB storage', () => {
  let server: MongoServer;
  let storage: INestApplicationContext;
  let uri: string;
  const opened: INestApplicationContext[] = [];

  async function open(
    module: typeof MongoUsersStorageModule | typeof MongoMessagesStorageModule,
  ): Promise<INestApplicationContext> {
    const context = await openStorage(module.forRoot({ uri, timeoutMs: TIMEOUT_MS }));
    opened.push(context);
    return context;
  }

  beforeAll(async () => {
    server = await MongoServer.start();
  });

  beforeEach(async () => {
    uri = server.url(`test-${randomUUID()}`);
    storage = await open(MongoMessagesStorageModule);
  });

  afterEach(async () => {
    for (const context of opened.splice(0)) await context.close();
  });

  afterAll(() => server.close());

  it('has all its indexes once the stores are open', async () => {
    const users = await open(MongoUsersStorageModule);
    const indexes = async (
      context: INestApplicationContext,
      connection: string,
      collection: string,
    ): Promise<object[]> => {
      const { db } = context.get<Connection>(getConnectionToken(connection));
      const found = (await db?.collection(collection).indexes()) ?? [];
      return found.map(({ key, unique = false, expireAfterSeconds }) => ({
        key,
        unique,
        ...(expireAfterSeconds !== undefined && { expireAfterSeconds }),
      }));
    };
    expect(await indexes(users, 'users', 'users')).toEqual(
      expect.arrayContaining([
        { key: { emailKey: 1 }, unique: true },
        { key: { usernameKey: 1 }, unique: true },
        { key: { displayNameKey: 1 }, unique: false },
        { key: { createdAt: 1, _id: 1 }, unique: false },
      ]),
    );
    expect(await indexes(users, 'users', 'sessions')).toEqual(
      expect.arrayContaining([
        { key: { userId: 1 }, unique: false },
        { key: { expiresAt: 1 }, unique: false, expireAfterSeconds: 0 },
      ]),
    );
    expect(await indexes(storage, 'messages', 'messages')).toEqual(
      expect.arrayContaining([
        { key: { roomId: 1, seq: 1 }, unique: true },
        { key: { roomId: 1, rev: 1 }, unique: true },
      ]),
    );
    expect(await indexes(storage, 'messages', 'members')).toEqual(
      expect.arrayContaining([
        { key: { roomId: 1, userId: 1 }, unique: true },
        { key: { userId: 1 }, unique: false },
      ]),
    );
    expect(await indexes(storage, 'messages', 'rooms')).toEqual(
      expect.arrayContaining([
        { key: { visibility: 1, nameKey: 1 }, unique: false },
        { key: { 'firstMember.userId': 1 }, unique: false },
      ]),
    );
  });

  it('uses write concern majority with journal, and read concern majority on the primary', async () => {
    const users = await open(MongoUsersStorageModule);
    for (const [context, name] of [[storage, 'messages'] as const, [users, 'users'] as const]) {
      const { db } = context.get<Connection>(getConnectionToken(name));
      expect(db?.writeConcern).toMatchObject({ w: 'majority', journal: true });
      expect(db?.readConcern).toMatchObject({ level: 'majority' });
      expect(db?.readPreference.mode).toBe('primary');
    }
  });

  it('shares its data between two instances that are open at the same time', async () => {
    const second = await open(MongoMessagesStorageModule);
    await storage.get(MessageStore).append(batchFrom(1));
    expect((await second.get(MessageStore).heads(['den'])).get('den')?.seq).toBe(BATCH);
  });

  it('rejects with UNAVAILABLE while mongod is frozen, and works again afterwards', async () => {
    const users = await open(MongoUsersStorageModule);
    await storage.get(MessageStore).append(batchFrom(1));
    await server.freeze();
    try {
      // Without timeouts the calls would wait for longer than the test timeout.
      const calls = [
        storage.get(MessageStore).append(batchFrom(BATCH + 1)),
        storage.get(MessageStore).heads(['den']),
        storage.get(RoomStore).findRoom('den'),
        users.get(UserStore).findById('ada'),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: expect.any(UnavailableError) as unknown,
        });
      }
      const { status } = await storage.get(HealthChecks).run();
      expect(status).toBe('unavailable');
    } finally {
      server.thaw();
    }
    await retryUntilSuccess(() => storage.get(MessageStore).append(batchFrom(BATCH + 1)));
    const { messages } = await storage.get(MessageStore).changes('den', 0, 10_000);
    expect(messages).toEqual([...batchFrom(1), ...batchFrom(BATCH + 1)]);
    expect((await storage.get(HealthChecks).run()).status).toBe('ok');
  }, 30_000);

  it('waits for MongoDB at startup, and logs each change of the connection state once', async () => {
    const logger = new CountingLogger();
    const logged = (message: string): number => logger.count(message);
    const proxy = await FaultProxy.to(server.port);
    proxy.blackhole();
    const proxyUri = new URL(uri.replace(`:${server.port}/`, `:${proxy.port}/`));
    // The driver checks a server that streams no heartbeats at this interval.
    proxyUri.searchParams.set('heartbeatFrequencyMS', '500');
    const opening = openStorage(
      MongoMessagesStorageModule.forRoot({ uri: proxyUri.href, timeoutMs: TIMEOUT_MS }),
      logger,
    );
    try {
      await eventually(() => expect(logged('waiting for dependency')).toBe(1));
      const attempts = proxy.accepted;
      await eventually(() => expect(proxy.accepted).toBeGreaterThan(attempts + 1));
    } finally {
      await proxy.restore();
      opened.push(await opening);
    }
    expect(logged('waiting for dependency')).toBe(1);
    expect(logged('dependency connected')).toBe(1);
    const [context] = opened.splice(-1);
    const rooms = context?.get(RoomStore);
    await proxy.disconnect();
    await eventually(() => expect(logged('dependency unavailable')).toBeGreaterThan(0));
    await proxy.restore();
    await eventually(() => rooms?.findRoom('den'));
    expect(logged('dependency unavailable')).toBe(1);
    expect(logged('dependency available again')).toBe(1);
    await context?.close();
    expect(logged('dependency unavailable')).toBe(1);
    await proxy.disconnect();
  }, 60_000);

  it.each([
    ['an unknown option', 'mongodb://localhost/chat?foo=bar'],
    ['a port above 65535', 'mongodb://localhost:999999/chat'],
    ['an unescaped password', 'mongodb://ann:p@ss@localhost/chat'],
  ])('rejects a MONGO_URI with %s, naming the setting', async (_case, invalidUri) => {
    const opening = openStorage(
      MongoMessagesStorageModule.forRoot({ uri: invalidUri, timeoutMs: TIMEOUT_MS }),
    );
    await expect(opening).rejects.toThrow(StartError);
    await expect(opening).rejects.toThrow(/^MONGO_URI: /);
  });

  it('uses at most 16 connections when 12 callers read 200 rooms each', async () => {
    const client = storage.get<Connection>(getConnectionToken('messages')).getClient();
    const [inUse, peak] = [{ count: 0 }, { oneCall: 0, allCalls: 0 }];
    let phase: keyof typeof peak = 'oneCall';
    client.on('connectionCheckedOut', () => {
      inUse.count += 1;
      peak[phase] = Math.max(peak[phase], inUse.count);
    });
    client.on('connectionCheckedIn', () => (inUse.count -= 1));
    const store = storage.get(MessageStore);
    await store.append(batchFrom(1));
    const rooms = ['den', ...Array.from({ length: 199 }, (_, n) => `room-${n}`)];
    const heads = await store.heads(rooms);
    expect([heads.size, heads.get('den')?.seq, heads.get('room-7')?.seq]).toEqual([200, BATCH, 0]);
    phase = 'allCalls';
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        store.lastMessages(rooms.map((roomId) => `${roomId}-${n}`)),
      ),
    );
    // The connections in use depend on the speed of the server; their maximum does not.
    expect(peak.oneCall).toBeLessThanOrEqual(4);
    expect(peak.allCalls).toBeLessThanOrEqual(16);
    expect(peak.allCalls).toBeGreaterThan(4);
  });

  it('shares the reads of rooms among 12 callers at once', async () => {
    const client = storage.get<Connection>(getConnectionToken('messages')).getClient();
    const store = storage.get(MessageStore);
    await store.append(batchFrom(1));
    const rooms = ['den', ...Array.from({ length: 19 }, (_, n) => `room-${n}`)];
    let reads = 0;
    client.on('connectionCheckedOut', () => (reads += 1));
    const found = await Promise.all(Array.from({ length: 12 }, () => store.heads(rooms)));
    expect(new Set(found.map((heads) => heads.get('den')?.seq))).toEqual(new Set([BATCH]));
    // About a quarter: the callers do not reach each room at the same time.
    expect(reads).toBeLessThan((12 * rooms.length) / 2);
  });

  describe('after a crash that left a member of a deleted room behind', () => {
    const member = { roomId: 'old', userId: 'ada', role: 'member', joinedAt: 'x' } as const;
    let store: RoomStore;

    beforeEach(async () => {
      store = storage.get(RoomStore);
      await store.createRoom({ id: 'old', name: 'old', visibility: 'public', createdAt: 'x' });
      await store.addMember(member);
      const { db } = storage.get<Connection>(getConnectionToken('messages'));
      const leftover = await db?.collection('members').findOne({ userId: 'ada' });
      await store.deleteRoom('old', 'y');
      // Restores the state after a crash between the two writes.
      if (leftover) await db?.collection('members').insertOne(leftover);
      expect(await db?.collection('members').countDocuments({ roomId: 'old' })).toBe(1);
    });

    it('does not list the member', async () => {
      expect(await store.findMember('old', 'ada')).toBeUndefined();
      expect(await store.listMembers('old', { limit: 10 })).toEqual([]);
      expect(await store.listRoomsOf('ada')).toEqual([]);
      expect(await store.listPositionsOf(['ada'], 10)).toEqual([]);
      expect(await store.changeRole(member, 'member', 'moderator')).toBe(false);
      expect(await store.appointOwner('old', 'ada')).toBe(false);
    });

    it('lists as many read positions as the limit allows, without that member', async () => {
      await store.createRoom({ id: 'den', name: 'den', visibility: 'public', createdAt: 'x' });
      await store.addMember({ ...member, roomId: 'den', lastReadSeq: 7 });
      for (const limit of [1, 2, 10]) {
        expect(await store.listPositionsOf(['ada'], limit)).toEqual([
          { roomId: 'den', userId: 'ada', lastReadSeq: 7 },
        ]);
      }
    });
  });

  describe('after a crash while a room is handed over', () => {
    const joinedAt = '2026-01-02T03:04:05.678Z';
    const room = { id: 'den', name: 'den', visibility: 'public', createdAt: joinedAt } as const;
    const memberOf = (userId: string, role: Role): MemberRecord => ({
      roomId: 'den',
      userId,
      role,
      joinedAt,
    });
    let store: RoomStore;
    let rooms: mongo.Collection<{ _id: string }>;
    let members: mongo.Collection;

    beforeEach(async () => {
      store = storage.get(RoomStore);
      const { db } = storage.get<Connection>(getConnectionToken('messages'));
      if (!db) throw new Error('not connected');
      rooms = db.collection<{ _id: string }>('rooms');
      members = db.collection('members');
      await store.createRoom(room, memberOf('ann', 'owner'));
      for (const userId of ['bob', 'cid']) await store.addMember(memberOf(userId, 'member'));
    });

    const rolesIn = async (): Promise<Record<string, Role>> => {
      const listed = await store.listMembers('den', { limit: 10 });
      return Object.fromEntries(listed.map(({ userId, role }) => [userId, role]));
    };
    /** Stores what a process that hands the room from ann to bob has written before a step. */
    const crashBefore = async (step: number): Promise<void> => {
      const transfer = { number: 1, from: 'ann', to: 'bob', joinedAt };
      await rooms.updateOne({ _id: 'den' }, { $set: { transfer, transfers: 1 } });
      if (step > 1) {
        await members.updateOne({ userId: 'bob' }, { $set: { role: 'owner', transfer: 1 } });
      }
      if (step > 2) {
        await rooms.updateOne(
          { _id: 'den' },
          { $set: { 'firstMember.role': 'moderator', 'firstMember.transfer': 1 } },
        );
      }
    };
    const completed = { ann: 'moderator', bob: 'owner', cid: 'member' };

    it.each([1, 2, 3])('before step %d, the room has an owner', async (step) => {
      await crashBefore(step);
      expect(Object.values(await rolesIn())).toContain('owner');
    });

    it.each([1, 2, 3])('before step %d, the next read of the room completes it', async (step) => {
      await crashBefore(step);
      expect(await store.findRoom('den')).toEqual(room);
      expect(await rolesIn()).toEqual(completed);
      expect(await rooms.countDocuments({ transfer: { $exists: true } })).toBe(0);
    });

    it.each([1, 2, 3])('before step %d, the next change of a role completes it', async (step) => {
      await crashBefore(step);
      expect(await store.changeRole(memberOf('cid', 'member'), 'member', 'moderator')).toBe(true);
      expect(await rolesIn()).toEqual({ ...completed, cid: 'moderator' });
    });

    it.each([1, 2, 3])('before step %d, the next hand-over completes it first', async (step) => {
      await crashBefore(step);
      expect(await store.handOver('den', 'ann', 'cid')).toBe(false);
      expect(await rolesIn()).toEqual(completed);
      expect(await store.handOver('den', 'bob', 'cid')).toBe(true);
      expect(await rolesIn()).toEqual({ ann: 'moderator', bob: 'moderator', cid: 'owner' });
    });

    /** Does what a process does that was frozen right after it had recorded the transfer. */
    const completeLate = async (): Promise<void> => {
      const frozen = new OwnerTransfers(
        storage.get<Model<RoomDocument>>(getModelToken('Room', 'messages')),
        storage.get<Model<MemberDocument>>(getModelToken('Member', 'messages')),
      );
      await frozen.complete('den', { number: 1, from: 'ann', to: 'bob', joinedAt });
    };

    it('does not hand it to a member who has left since, even after joining again', async () => {
      await crashBefore(1);
      expect(await store.removeMember('den', 'bob')).toBe(true);
      await store.addMember({ ...memberOf('bob', 'member'), joinedAt: '2026-01-03T00:00:00.000Z' });
      await store.findRoom('den');
      expect(await rolesIn()).toEqual({ ann: 'owner', bob: 'member', cid: 'member' });
      expect(await store.handOver('den', 'ann', 'cid')).toBe(true);
    });

    it('is not repeated by a process that continues after the room was handed back', async () => {
      await store.handOver('den', 'ann', 'bob');
      await store.handOver('den', 'bob', 'ann');
      for (const role of ['moderator', 'member'] as const) {
        await store.changeRole(memberOf('bob', 'member'), 'moderator', role);
        await completeLate();
        expect(await rolesIn()).toEqual({ ann: 'owner', bob: role, cid: 'member' });
      }
      await store.removeMember('den', 'bob');
      await store.addMember({ ...memberOf('bob', 'member'), joinedAt: '2026-01-03T00:00:00.000Z' });
      await completeLate();
      expect(await rolesIn()).toEqual({ ann: 'owner', bob: 'member', cid: 'member' });
    });

    it('is not repeated for a previous owner who has left and joined again', async () => {
      await store.handOver('den', 'ann', 'bob');
      await store.removeMember('den', 'ann');
      await store.addMember({ ...memberOf('ann', 'member'), joinedAt: '2026-01-03T00:00:00.000Z' });
      await completeLate();
      expect(await rolesIn()).toEqual({ ann: 'member', bob: 'owner', cid: 'member' });
    });
  });

  it('keeps acknowledged messages and stores no room without its owner when mongod is killed under load', async () => {
    const [rooms, messages] = [storage.get(RoomStore), storage.get(MessageStore)];
    let [reads, first, running] = [0, 1, true];
    const read = async (): Promise<void> => {
      while (running) {
        await retryUntilSuccess(async () => void (await rooms.findRoom('den')));
        reads += 1;
        await delay(10);
      }
    };
    const write = async (): Promise<void> => {
      while (running) {
        const batch = batchFrom(first);
        await retryUntilSuccess(() => messages.append(batch));
        first += BATCH;
        await delay(10);
      }
    };
    const work = [...Array.from({ length: READERS }, read), write()];
    const created: Promise<unknown>[] = [];
    const createRooms = (count: number): void => {
      for (let n = 0; n < count; n += 1) {
        const roomId = `room-${created.length}`;
        const room = { id: roomId, name: roomId, visibility: 'private', createdAt: 'x' } as const;
        const owner = { roomId, userId: 'ada', role: 'owner', joinedAt: 'x' } as const;
        created.push(rooms.createRoom(room, owner).catch(() => false));
      }
    };
    /** Resolves once the readers and the writer have made progress. */
    const progress = (): Promise<void> => {
      const [readsBefore, firstBefore] = [reads, first];
      return eventually(() => {
        expect(reads).toBeGreaterThan(readsBefore + READERS);
        expect(first).toBeGreaterThan(firstBefore);
      }, 15 * TIMEOUT_MS);
    };
    try {
      // Without the heartbeat watchdog, the driver would hang after about every second kill.
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await progress();
        createRooms(ROOMS_PER_KILL);
        await delay(kill * 2);
        await server.kill();
        await server.start();
        await progress();
      }
    } finally {
      running = false;
      await Promise.all([...work, ...created]);
    }

    const { messages: stored } = await messages.changes('den', 0, 1_000_000);
    expect(stored).toEqual(
      Array.from({ length: (first - 1) / BATCH }, (_, n) => batchFrom(n * BATCH + 1)).flat(),
    );
    let storedRooms = 0;
    for (let n = 0; n < created.length; n += 1) {
      const room = await rooms.findRoom(`room-${n}`);
      const owner = await rooms.findMember(`room-${n}`, 'ada');
      expect(owner?.role).toBe(room ? 'owner' : undefined);
      storedRooms += Number(Boolean(room));
    }
    expect(await rooms.listRoomsOf('ada')).toHaveLength(storedRooms);
  }, 120_000);
});
