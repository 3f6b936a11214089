import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Identity } from '@chat/auth';
import type { Role, User } from '@chat/contracts';
import { InMemoryRateLimiter } from '@chat/platform/limits';
import { Metrics, Refusals } from '@chat/platform/monitoring';
import { InMemorySignals, type SignalOf } from '@chat/platform/signals';
import { Logger } from '@nestjs/common';
import { GeneralOwner } from './general-owner.ts';
import { Members } from './members.ts';
import { MembershipLimit } from './membership-limit.ts';
import { MembershipSignals } from './membership-signals.ts';
import { NewMembers } from './new-members.ts';
import { ReadPositions } from './read-positions.ts';
import { RoomAccess } from './room-access.ts';
import type { RoomActivity } from './room-activity.ts';
import { RoomCreation } from './room-creation.ts';
import {
  MAX_SIGNAL_POSITIONS,
  MAX_SIGNAL_USERS,
  MEMBER_CHANGED,
  READ_POSITIONS_MOVED,
  ROOM_DELETED,
  ROOM_UPDATED,
} from './room-signals.ts';
import {
  RoomStore,
  type MemberRecord,
  type Membership,
  type ReadPosition,
  type RoomChanges,
  type RoomRecord,
} from './room-store.ts';
import { RoomsOfUsers } from './rooms-of-users.ts';
import { Rooms } from './rooms.ts';
import type { UserDirectory } from './user-directory.ts';

class InMemoryRoomStore extends RoomStore {
  readonly rooms = new Map<string, RoomRecord>();
  readonly members = new Map<string, MemberRecord>();

  readonly deleted = new Set<string>();

  createRoom(room: RoomRecord, firstMember?: MemberRecord) {
    if (this.rooms.has(room.id) || this.deleted.has(room.id)) return Promise.resolve(false);
    this.rooms.set(room.id, room);
    if (firstMember) this.members.set(`${room.id} ${firstMember.userId}`, firstMember);
    return Promise.resolve(true);
  }
  findRoom(roomId: string) {
    return Promise.resolve(this.rooms.get(roomId));
  }
  updateRoom(roomId: string, changes: RoomChanges) {
    const room = this.rooms.get(roomId);
    if (!room) return Promise.resolve(undefined);
    const changed = { ...room, ...changes };
    this.rooms.set(roomId, changed);
    return Promise.resolve(changed);
  }
  deleteRoom(roomId: string) {
    if (!this.rooms.delete(roomId)) return Promise.resolve(false);
    this.deleted.add(roomId);
    for (const [key, member] of this.members) {
      if (member.roomId === roomId) this.members.delete(key);
    }
    return Promise.resolve(true);
  }
  findDeleted(roomIds: readonly string[]) {
    return Promise.resolve(new Set(roomIds.filter((roomId) => this.deleted.has(roomId))));
  }
  findPublicRooms(query = '', limit: number) {
    const found = [...this.rooms.values()].filter(
      ({ name, visibility }) => visibility === 'public' && name.includes(query),
    );
    return Promise.resolve(found.slice(0, limit));
  }
  addMember(member: MemberRecord) {
    const key = `${member.roomId} ${member.userId}`;
    if (this.members.has(key) || this.deleted.has(member.roomId)) return Promise.resolve(false);
    this.members.set(key, member);
    return Promise.resolve(true);
  }
  removeMember(roomId: string, userId: string) {
    const key = `${roomId} ${userId}`;
    return Promise.resolve(this.members.get(key)?.role !== 'owner' && this.members.delete(key));
  }
  changeRole(membership: Membership, from: Role, to: Role) {
    return Promise.resolve(this.#replaceRole(membership, from, to));
  }
  handOver(roomId: string, from: string, to: string) {
    const key = `${roomId} ${to}`;
    const heir = this.members.get(key);
    const handedOver =
      heir !== undefined &&
      heir.role !== 'owner' &&
      this.#replaceRole({ roomId, userId: from }, 'owner', 'moderator');
    if (handedOver) this.members.set(key, { ...heir, role: 'owner' });
    return Promise.resolve(handedOver);
  }
  appointOwner(roomId: string, userId: string) {
    const isOwned = [...this.members.values()].some(
      (member) => member.roomId === roomId && member.role === 'owner',
    );
    const member = this.members.get(`${roomId} ${userId}`);
    const appointed = !isOwned && member !== undefined;
    if (appointed) this.members.set(`${roomId} ${userId}`, { ...member, role: 'owner' });
    return Promise.resolve(appointed);
  }
  #replaceRole({ roomId, userId }: Membership, from: Role, to: Role) {
    const key = `${roomId} ${userId}`;
    const member = this.members.get(key);
    if (member?.role !== from) return false;
    this.members.set(key, { ...member, role: to });
    return true;
  }
  findMembers(memberships: readonly Membership[]) {
    return Promise.resolve(
      memberships.flatMap(({ roomId, userId }) => this.members.get(`${roomId} ${userId}`) ?? []),
    );
  }
  listMembers(roomId: string, { after = '', limit }: { after?: string; limit: number }) {
    const found = [...this.members.values()]
      .filter((member) => member.roomId === roomId && member.userId > after)
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    return Promise.resolve(found.slice(0, limit));
  }
  listRoomsOf(userId: string) {
    const found = [...this.members.values()].flatMap((member) => {
      const room = this.rooms.get(member.roomId);
      return room && member.userId === userId ? [{ ...member, room }] : [];
    });
    return Promise.resolve(found);
  }
  listPositionsOf(userIds: readonly string[], limit: number) {
    const found = [...this.members.values()].filter(({ userId }) => userIds.includes(userId));
    return Promise.resolve(found.slice(0, limit));
  }
  markRead(position: ReadPosition) {
    const before = this.members.get(`${position.roomId} ${position.userId}`);
    if (!before) return Promise.resolve(undefined);
    const { lastReadSeq = -1 } = before;
    if (position.lastReadSeq <= lastReadSeq) return Promise.resolve({ lastReadSeq, moved: false });
    return this.markUnread(position);
  }
  markUnread({ roomId, userId, lastReadSeq }: ReadPosition) {
    const before = this.members.get(`${roomId} ${userId}`);
    if (!before) return Promise.resolve(undefined);
    this.members.set(`${roomId} ${userId}`, { ...before, lastReadSeq });
    return Promise.resolve({ lastReadSeq, moved: before.lastReadSeq !== lastReadSeq });
  }
  async markManyRead(positions: readonly ReadPosition[]) {
    for (const position of positions) await this.markRead(position);
  }
}

const USERS = ['ann', 'bob', 'cid', 'dan'];
const MISSING_ROOM_ID = `~${'0'.repeat(22)}`;
const [ann, bob, cid] = ['ann', 'bob', 'cid'].map((userId): Identity => ({
  userId,
  username: userId,
  sessionId: 's',
  expiresAt: 0,
})) as [Identity, Identity, Identity];

/** Returns the id of the first account; a test may replace it. */
let firstUserId: () => Promise<string | undefined>;
const directory: UserDirectory = {
  firstUserId: () => firstUserId(),
  publicUsers: (ids) =>
    Promise.resolve(
      new Map(
        ids
          .filter((id) => USERS.includes(id))
          .map((id): [string, User] => [
            id,
            { id, username: id, displayName: id.toUpperCase(), createdAt: '2026-01-01T00:00:00Z' },
          ]),
      ),
    ),
};
/** Seq of the last message of each room that has messages. */
const headSeqs = new Map<string, number>();
const activity: RoomActivity = {
  headsOf: (roomIds) =>
    Promise.resolve(
      new Map(
        roomIds.map((roomId) => {
          const seq = headSeqs.get(roomId) ?? 0;
          return [roomId, { roomId, seq, rev: seq }];
        }),
      ),
    ),
  lastMessagesOf: () => Promise.resolve(new Map()),
};

let store: InMemoryRoomStore;
type RoomSignal = SignalOf<
  typeof MEMBER_CHANGED | typeof READ_POSITIONS_MOVED | typeof ROOM_DELETED | typeof ROOM_UPDATED
>;
let signals: RoomSignal[];
let creation: RoomCreation;
let access: RoomAccess;
let members: Members;
let rooms: Rooms;
let readPositions: ReadPositions;
let roomsOfUsers: RoomsOfUsers;

function open(autoCreate = true): void {
  store = new InMemoryRoomStore();
  headSeqs.clear();
  firstUserId = () => Promise.resolve('ann');
  openProcess(autoCreate);
}

/** Opens the services of a process on the store. */
function openProcess(autoCreate = true): void {
  signals = [];
  const bus = new InMemorySignals();
  bus.on(MEMBER_CHANGED, (signal) => signals.push(signal));
  bus.on(READ_POSITIONS_MOVED, (signal) => signals.push(signal));
  bus.on(ROOM_DELETED, (signal) => signals.push(signal));
  bus.on(ROOM_UPDATED, (signal) => signals.push(signal));
  const membershipSignals = new MembershipSignals(bus);
  creation = new RoomCreation(store, new InMemoryRateLimiter(), membershipSignals);
  const limiter = new InMemoryRateLimiter();
  const limit = new MembershipLimit(limiter, new Refusals(new Metrics()));
  const generalOwner = new GeneralOwner(store, directory, membershipSignals);
  const newMembers = new NewMembers(store, activity, membershipSignals);
  access = new RoomAccess(store, creation, newMembers, limit, { autoCreate }, generalOwner);
  members = new Members(
    store,
    access,
    directory,
    newMembers,
    membershipSignals,
    limit,
    generalOwner,
  );
  readPositions = new ReadPositions(store, activity, bus);
  roomsOfUsers = new RoomsOfUsers(store, activity);
  rooms = new Rooms(store, access, creation, activity, readPositions, bus);
}

/** User ids and roles of the membership signals, in order. */
const membershipChanges = (): [string, Role | null][] =>
  signals.flatMap((signal) =>
    signal.type === 'member-changed' ? [[signal.userId, signal.role]] : [],
  );
const roleOf = async (userId: string, roomId: string): Promise<Role | undefined> =>
  (await access.rolesOf([{ roomId, userId }]))[0];
const publicRoom = async (): Promise<string> =>
  (await rooms.create(ann, { name: 'den', visibility: 'public' })).id;
const privateRoom = async (): Promise<string> =>
  (await rooms.create(ann, { name: 'Plans', visibility: 'private' })).id;
/** Creates a private room owned by ann, with bob as a moderator and cid as a member. */
async function roomWithStaff(): Promise<string> {
  const roomId = await privateRoom();
  const joinedAt = '2026-01-01T00:00:00.000Z';
  await store.addMember({ roomId, userId: 'bob', role: 'moderator', joinedAt });
  await store.addMember({ roomId, userId: 'cid', role: 'member', joinedAt });
  signals = [];
  return roomId;
}

beforeEach(() => open());

describe('RoomAccess', () => {
  it('lets a user read a public room with or without membership', async () => {
    const roomId = await publicRoom();
    expect(await access.requireReadable('ann', roomId)).toMatchObject({ role: 'owner' });
    expect(await access.requireReadable('bob', roomId)).toMatchObject({ role: undefined });
  });

  it('treats a private room exactly like a missing room for users who are not members', async () => {
    const roomId = await privateRoom();
    const errorOf = async (result: Promise<unknown>) =>
      result.then(
        () => 'allowed',
        (error: unknown) => error,
      );
    const calls: ((id: string) => Promise<unknown>)[] = [
      (id) => access.requireReadable('bob', id),
      (id) => access.join('bob', id),
      (id) => rooms.get(bob, id),
      (id) => rooms.update(bob, id, { topic: 'x' }),
      (id) => members.list(bob, id, { limit: 10 }),
      (id) => members.add(bob, id, 'bob'),
      (id) => members.add(bob, id, 'unknown'),
      (id) => members.remove(bob, id, 'bob'),
      (id) => members.remove(bob, id, 'ann'),
      (id) => members.setRole(bob, id, 'bob', 'member'),
      (id) => members.setRole(bob, id, 'ann', 'owner'),
    ];
    for (const call of calls) {
      const actual = await errorOf(call(roomId));
      expect(actual).toMatchObject({ code: 'NOT_FOUND', message: 'Room not found.' });
      expect(actual).toEqual(await errorOf(call(MISSING_ROOM_ID)));
    }
    expect(await roleOf('bob', roomId)).toBeUndefined();
    expect(await roleOf('bob', MISSING_ROOM_ID)).toBeUndefined();
  });

  it('makes a user who joins a public room a permanent member and signals the change once', async () => {
    const roomId = await publicRoom();
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'member' });
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'member' });
    expect(await access.join('ann', roomId)).toMatchObject({ role: 'owner' });
    expect(await roleOf('bob', roomId)).toBe('member');
    expect(membershipChanges()).toEqual([
      ['ann', 'owner'],
      ['bob', 'member'],
    ]);
  });

  it('rejects joining and adding with NOT_FOUND when the room is deleted concurrently', async () => {
    const roomId = await publicRoom();
    const addMember = store.addMember.bind(store);
    store.addMember = async (member) => {
      await store.deleteRoom(roomId);
      return addMember(member);
    };
    await expect(access.join('bob', roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const other = await rooms.create(ann, { name: 'attic', visibility: 'public' });
    store.addMember = async (member) => {
      await store.deleteRoom(other.id);
      return addMember(member);
    };
    await expect(members.add(ann, other.id, 'bob')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(membershipChanges().filter(([userId]) => userId === 'bob')).toEqual([]);
  });

  it('returns the role of a member who joins a private room, without a signal', async () => {
    const roomId = await roomWithStaff();
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'moderator' });
    expect(membershipChanges()).toEqual([]);
  });
});

describe('RoomAccess.join', () => {
  it('creates an unknown room once, with one owner, when four users join concurrently', async () => {
    const results = await Promise.all(USERS.map((userId) => access.join(userId, 'raced')));
    expect(results.map(({ role }) => role).toSorted()).toEqual([
      'member',
      'member',
      'member',
      'owner',
    ]);
    const owner = [...store.members.values()].find(({ role }) => role === 'owner');
    expect(store.rooms.get('raced')?.createdBy).toBe(owner?.userId);
  });

  it('rejects an unknown room with NOT_FOUND when rooms are not created automatically', async () => {
    open(false);
    await expect(access.join('ann', 'new')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(store.rooms.size).toBe(0);
  });

  it('rejects an unknown private room id with NOT_FOUND', async () => {
    await expect(access.join('ann', MISSING_ROOM_ID)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(store.rooms.size).toBe(0);
  });
});

describe('RoomCreation', () => {
  it('uses the name of a public room as its id and rejects a taken name with CONFLICT', async () => {
    const created = await rooms.create(ann, { name: 'den', visibility: 'public', topic: 'Bears' });
    expect(created).toMatchObject({ id: 'den', topic: 'Bears', createdBy: 'ann', role: 'owner' });
    await expect(rooms.create(bob, { name: 'den', visibility: 'public' })).rejects.toMatchObject({
      code: 'CONFLICT',
      options: { details: [{ path: 'name' }] },
    });
    expect(await roleOf('bob', 'den')).toBeUndefined();
  });

  it('gives two private rooms with the same name distinct opaque ids', async () => {
    const ids = [await privateRoom(), await privateRoom()];
    for (const id of ids) expect(id).toMatch(/^~[A-Za-z0-9]{22}$/);
    expect(new Set(ids).size).toBe(2);
  });

  it('applies one limit to the rooms that a user creates by name and by joining', async () => {
    for (let n = 0; n < 15; n += 1) {
      await rooms.create(ann, { name: `made-${n}`, visibility: 'public' });
      await access.join('ann', `joined-${n}`);
    }
    const limited = {
      code: 'RATE_LIMITED',
      options: { retryAfterMs: expect.any(Number) },
    };
    await expect(access.join('ann', 'one-more')).rejects.toMatchObject(limited);
    await expect(
      rooms.create(ann, { name: 'one-more', visibility: 'private' }),
    ).rejects.toMatchObject(limited);
    expect(store.rooms.size).toBe(30);
    expect(await access.join('ann', 'made-0')).toMatchObject({ role: 'owner' });
    expect(await access.join('bob', 'one-more')).toMatchObject({ role: 'owner' });
  });

  it('creates general once, keeping its members, when two processes start concurrently', async () => {
    await Promise.all([creation.onModuleInit(), creation.onModuleInit()]);
    await access.join('ann', 'general');
    await creation.onModuleInit();
    expect([...store.rooms.keys()]).toEqual(['general']);
    expect(store.rooms.get('general')).not.toHaveProperty('createdBy');
    expect(await roleOf('ann', 'general')).toBe('owner');
  });
});

describe('Rooms.list', () => {
  it("returns the caller's rooms with the caller's role", async () => {
    await publicRoom();
    const hidden = await privateRoom();
    await rooms.create(bob, { name: 'other', visibility: 'public' });
    const mine = await rooms.list(ann, { discover: false });
    expect(mine).toMatchObject([
      { id: 'den', role: 'owner', seq: 0, rev: 0 },
      { id: hidden, role: 'owner', seq: 0, rev: 0 },
    ]);
  });

  it('discovers only public rooms and includes the role of the caller', async () => {
    await publicRoom();
    await privateRoom();
    await rooms.create(bob, { name: 'other', visibility: 'public' });
    const found = await rooms.list(bob, { discover: true });
    expect(found.map(({ id, role }) => [id, role])).toEqual([
      ['den', undefined],
      ['other', 'owner'],
    ]);
  });

  it('discovers at most 100 rooms', async () => {
    for (let n = 0; n < 101; n += 1) {
      await store.createRoom({ id: `r${n}`, name: `r${n}`, visibility: 'public', createdAt: '' });
    }
    expect(await rooms.list(ann, { discover: true })).toHaveLength(100);
  });
});

describe('Members.add', () => {
  it.each([
    ['owner', ann],
    ['moderator', bob],
  ])('lets the %s of a private room add a user', async (_role, caller) => {
    const roomId = await roomWithStaff();
    expect(await members.add(caller, roomId, 'dan')).toMatchObject({
      userId: 'dan',
      username: 'dan',
      displayName: 'DAN',
      role: 'member',
    });
    expect(membershipChanges()).toEqual([['dan', 'member']]);
  });

  it('rejects plain members, and non-members of a public room, with FORBIDDEN', async () => {
    const forbidden = { code: 'FORBIDDEN' };
    await expect(members.add(cid, await roomWithStaff(), 'dan')).rejects.toMatchObject(forbidden);
    await expect(members.add(bob, await publicRoom(), 'dan')).rejects.toMatchObject(forbidden);
    expect(membershipChanges()).toEqual([['ann', 'owner']]);
  });

  it('lets users add themselves to a public room', async () => {
    const roomId = await publicRoom();
    expect(await members.add(bob, roomId, 'bob')).toMatchObject({ userId: 'bob', role: 'member' });
  });

  it('keeps the role of an existing member and sends no signal', async () => {
    const roomId = await roomWithStaff();
    expect(await members.add(ann, roomId, 'bob')).toMatchObject({ role: 'moderator' });
    expect(membershipChanges()).toEqual([]);
  });

  it('rejects an unknown user with NOT_FOUND', async () => {
    const roomId = await roomWithStaff();
    await expect(members.add(ann, roomId, 'unknown')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'User not found.',
    });
    expect(await roleOf('unknown', roomId)).toBeUndefined();
  });
});

describe('Members.remove', () => {
  it.each([
    ['owner', ann],
    ['moderator', bob],
  ])('lets the %s remove a member, who can no longer read the room', async (_role, caller) => {
    const roomId = await roomWithStaff();
    await members.remove(caller, roomId, 'cid');
    expect(membershipChanges()).toEqual([['cid', null]]);
    await expect(access.requireReadable('cid', roomId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('rejects with FORBIDDEN when a plain member removes another member', async () => {
    const roomId = await roomWithStaff();
    await expect(members.remove(cid, roomId, 'bob')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await roleOf('bob', roomId)).toBe('moderator');
  });

  it('lets members and moderators leave any room, including general', async () => {
    const roomId = await roomWithStaff();
    await members.remove(cid, roomId, 'cid');
    await members.remove(bob, roomId, 'bob');
    await creation.onModuleInit();
    await access.join('bob', 'general');
    await members.remove(bob, 'general', 'bob');
    expect(await rooms.list(cid, { discover: false })).toEqual([]);
    expect(membershipChanges()).toEqual([
      ['cid', null],
      ['bob', null],
      ['bob', 'member'],
      ['bob', null],
    ]);
  });

  it('rejects with CONFLICT when the owner leaves a room, until it is handed over', async () => {
    await creation.onModuleInit();
    await access.join('ann', 'general');
    const handOver = 'Hand the room over to another member first.';
    const texts = {
      [await privateRoom()]: 'Hand the room over to another member first, or delete it.',
      [await publicRoom()]: handOver,
      general: handOver,
    };
    for (const [roomId, message] of Object.entries(texts)) {
      const conflict = { code: 'CONFLICT', message };
      await expect(members.remove(ann, roomId, 'ann')).rejects.toMatchObject(conflict);
      expect(await roleOf('ann', roomId)).toBe('owner');
      await store.addMember({ roomId, userId: 'bob', role: 'member', joinedAt: '' });
      await members.setRole(ann, roomId, 'bob', 'owner');
      await members.remove(ann, roomId, 'ann');
      expect(await roleOf('ann', roomId)).toBeUndefined();
    }
  });

  it('rejects with CONFLICT when the member becomes the owner concurrently', async () => {
    const roomId = await roomWithStaff();
    const removeMember = store.removeMember.bind(store);
    store.removeMember = async (room, userId) => {
      await store.handOver(roomId, 'ann', 'cid');
      return removeMember(room, userId);
    };
    await expect(members.remove(bob, roomId, 'cid')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await roleOf('cid', roomId)).toBe('owner');
    expect(membershipChanges()).toEqual([]);
  });

  it('rejects with FORBIDDEN when a moderator removes the owner', async () => {
    const roomId = await roomWithStaff();
    await expect(members.remove(bob, roomId, 'ann')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await roleOf('ann', roomId)).toBe('owner');
  });

  it('rejects with NOT_FOUND when the user is not a member', async () => {
    const roomId = await roomWithStaff();
    const missing = { code: 'NOT_FOUND', message: 'That user is not a member of the room.' };
    await expect(members.remove(ann, roomId, 'dan')).rejects.toMatchObject(missing);
    await expect(members.remove(bob, await publicRoom(), 'bob')).rejects.toMatchObject(missing);
  });
});

describe('Members.setRole', () => {
  const forbidden = { code: 'FORBIDDEN' };

  it('lets the owner promote and demote others, and signals each change', async () => {
    const roomId = await roomWithStaff();
    expect(await members.setRole(ann, roomId, 'cid', 'moderator')).toMatchObject({
      userId: 'cid',
      username: 'cid',
      displayName: 'CID',
      role: 'moderator',
    });
    expect(await members.setRole(ann, roomId, 'bob', 'member')).toMatchObject({ role: 'member' });
    expect([await roleOf('cid', roomId), await roleOf('bob', roomId)]).toEqual([
      'moderator',
      'member',
    ]);
    expect(membershipChanges()).toEqual([
      ['cid', 'moderator'],
      ['bob', 'member'],
    ]);
  });

  it('hands the room over: the member becomes the owner, and the owner a moderator', async () => {
    const roomId = await roomWithStaff();
    expect(await members.setRole(ann, roomId, 'cid', 'owner')).toMatchObject({
      userId: 'cid',
      role: 'owner',
    });
    expect(membershipChanges()).toEqual([
      ['cid', 'owner'],
      ['ann', 'moderator'],
    ]);
    expect(await roleOf('ann', roomId)).toBe('moderator');
    await expect(members.setRole(ann, roomId, 'bob', 'owner')).rejects.toMatchObject(forbidden);
  });

  it('lets a moderator step down, but change no other role', async () => {
    const roomId = await roomWithStaff();
    for (const role of ['owner', 'moderator', 'member'] as const) {
      await expect(members.setRole(bob, roomId, 'cid', role)).rejects.toMatchObject(forbidden);
      await expect(members.setRole(bob, roomId, 'ann', role)).rejects.toMatchObject(forbidden);
    }
    await expect(members.setRole(bob, roomId, 'bob', 'owner')).rejects.toMatchObject(forbidden);
    expect(membershipChanges()).toEqual([]);
    expect(await members.setRole(bob, roomId, 'bob', 'member')).toMatchObject({ role: 'member' });
    expect(membershipChanges()).toEqual([['bob', 'member']]);
    await expect(members.setRole(bob, roomId, 'bob', 'moderator')).rejects.toMatchObject(forbidden);
  });

  it('rejects members, and non-members of a public room, with FORBIDDEN', async () => {
    const roomId = await roomWithStaff();
    const den = await publicRoom();
    signals = [];
    for (const role of ['owner', 'moderator'] as const) {
      for (const userId of ['ann', 'bob', 'cid', 'dan']) {
        await expect(members.setRole(cid, roomId, userId, role)).rejects.toMatchObject(forbidden);
        await expect(members.setRole(bob, den, userId, role)).rejects.toMatchObject(forbidden);
      }
    }
    await expect(members.setRole(bob, den, 'bob', 'member')).rejects.toMatchObject(forbidden);
    expect(membershipChanges()).toEqual([]);
  });

  it("rejects with CONFLICT when the owner changes the owner's own role", async () => {
    const roomId = await roomWithStaff();
    for (const role of ['moderator', 'member'] as const) {
      await expect(members.setRole(ann, roomId, 'ann', role)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: 'Hand the room over to another member first, or delete it.',
      });
    }
    expect(await roleOf('ann', roomId)).toBe('owner');
  });

  it('returns the member, and signals nothing, when the role stays the same', async () => {
    const roomId = await roomWithStaff();
    expect(await members.setRole(ann, roomId, 'ann', 'owner')).toMatchObject({ role: 'owner' });
    expect(await members.setRole(ann, roomId, 'cid', 'member')).toMatchObject({ role: 'member' });
    expect(await members.setRole(cid, roomId, 'cid', 'member')).toMatchObject({ role: 'member' });
    expect(membershipChanges()).toEqual([]);
  });

  it('rejects with NOT_FOUND for the owner when the user is not a member', async () => {
    const roomId = await roomWithStaff();
    const missing = { code: 'NOT_FOUND', message: 'That user is not a member of the room.' };
    for (const role of ['owner', 'moderator', 'member'] as const) {
      await expect(members.setRole(ann, roomId, 'dan', role)).rejects.toMatchObject(missing);
      await expect(members.setRole(bob, roomId, 'dan', role)).rejects.toMatchObject(forbidden);
    }
  });

  it('rejects with CONFLICT, signalling nothing, when the roles change concurrently', async () => {
    const roomId = await roomWithStaff();
    const [changeRole, handOver] = [store.changeRole.bind(store), store.handOver.bind(store)];
    store.changeRole = async (...call) => {
      await store.removeMember(roomId, 'bob');
      return changeRole(...call);
    };
    store.handOver = async (...call) => {
      await handOver(roomId, 'ann', 'cid');
      return handOver(...call);
    };
    const conflict = { code: 'CONFLICT' };
    await expect(members.setRole(ann, roomId, 'bob', 'member')).rejects.toMatchObject(conflict);
    await expect(members.setRole(ann, roomId, 'cid', 'owner')).rejects.toMatchObject(conflict);
    expect(membershipChanges()).toEqual([]);
  });

  it('changes nothing while the directory is unavailable', async () => {
    const roomId = await roomWithStaff();
    const publicUsers = jest.spyOn(directory, 'publicUsers').mockRejectedValue(new Error('down'));
    await expect(members.setRole(ann, roomId, 'cid', 'owner')).rejects.toThrow('down');
    publicUsers.mockRestore();
    expect(await roleOf('cid', roomId)).toBe('member');
    expect(membershipChanges()).toEqual([]);
  });

  it('counts a change of a role as a change of membership of the user who makes it', async () => {
    const roomId = await roomWithStaff();
    const toggle = (n: number) =>
      members.setRole(ann, roomId, 'cid', n % 2 === 0 ? 'moderator' : 'member');
    for (let n = 0; n < 200; n += 1) await toggle(n);
    await expect(Promise.all([toggle(200), toggle(202)])).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });
});

describe('The owner of general', () => {
  beforeEach(() => creation.onModuleInit());

  it('is the user with the first account, who joins at any time', async () => {
    expect(await access.join('bob', 'general')).toMatchObject({ role: 'member' });
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'owner' });
    expect(await access.join('cid', 'general')).toMatchObject({ role: 'member' });
    expect(membershipChanges()).toEqual([
      ['bob', 'member'],
      ['ann', 'member'],
      ['ann', 'owner'],
      ['cid', 'member'],
    ]);
  });

  it('is appointed when the first account is added by REST, but in no other room', async () => {
    await store.createRoom({ id: 'den', name: 'den', visibility: 'public', createdAt: '' });
    expect(await members.add(ann, 'den', 'ann')).toMatchObject({ role: 'member' });
    expect(await access.join('ann', 'den')).toMatchObject({ role: 'member' });
    expect(await members.add(ann, 'general', 'ann')).toMatchObject({ role: 'owner' });
  });

  it('is a member from before general had an owner, once that member joins again', async () => {
    for (const userId of ['ann', 'bob']) {
      await store.addMember({ roomId: 'general', userId, role: 'member', joinedAt: '' });
    }
    expect(await access.join('bob', 'general')).toMatchObject({ role: 'member' });
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'owner' });
    expect(membershipChanges()).toEqual([['ann', 'owner']]);
  });

  it('stays the owner to whom general was handed over, when the first account joins', async () => {
    await access.join('ann', 'general');
    await access.join('bob', 'general');
    await members.setRole(ann, 'general', 'bob', 'owner');
    for (const process of [1, 2]) {
      // Another process does not know that there is an owner.
      if (process === 2) openProcess();
      expect(await access.join('ann', 'general')).toMatchObject({ role: 'moderator' });
      expect(await access.join('bob', 'general')).toMatchObject({ role: 'owner' });
    }
  });

  it('is found by one lookup of the first user id for concurrent joins, repeated after a failure', async () => {
    let lookups = 0;
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    firstUserId = () => {
      lookups += 1;
      return lookups === 1 ? Promise.reject(new Error('no response')) : Promise.resolve('ann');
    };
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'member' });
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
    await Promise.all([access.join('bob', 'general'), access.join('cid', 'general')]);
    expect(lookups).toBe(2);
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'owner' });
    await access.join('ann', 'general');
    expect(lookups).toBe(2);
  });

  it('delays no join for long while the directory does not respond', async () => {
    firstUserId = () => new Promise(() => undefined);
    const begin = performance.now();
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'member' });
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});

describe('Members.list', () => {
  it('returns pages of members, ordered by user id', async () => {
    const roomId = await roomWithStaff();
    const page = async (after?: string) =>
      (await members.list(cid, roomId, { limit: 2, ...(after && { after }) })).map(
        ({ userId, role }) => [userId, role],
      );
    expect(await page()).toEqual([
      ['ann', 'owner'],
      ['bob', 'moderator'],
    ]);
    expect(await page('bob')).toEqual([['cid', 'member']]);
    expect(await page('cid')).toEqual([]);
  });
});

describe('Rooms.update', () => {
  it.each([
    ['the owner', ann],
    ['a moderator', bob],
  ])('lets %s change the topic and signals the change', async (_role, caller) => {
    const roomId = await roomWithStaff();
    expect(await rooms.update(caller, roomId, { topic: 'new' })).toMatchObject({ topic: 'new' });
    expect(await rooms.get(cid, roomId)).toMatchObject({ topic: 'new' });
    expect(signals).toMatchObject([{ type: 'room-updated', room: { id: roomId, topic: 'new' } }]);
  });

  it('rejects plain members and non-members with FORBIDDEN, storing and signalling nothing', async () => {
    for (const roomId of [await roomWithStaff(), await publicRoom()]) {
      const before = await rooms.get(cid, roomId);
      signals = [];
      await expect(rooms.update(cid, roomId, { topic: 'mine' })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
      expect(await rooms.get(cid, roomId)).toEqual(before);
      expect(signals).toEqual([]);
    }
  });

  it('rejects a new name for a public room with VALIDATION', async () => {
    await expect(rooms.update(ann, await publicRoom(), { name: 'x' })).rejects.toMatchObject({
      code: 'VALIDATION',
    });
  });
});

describe('Rooms.delete', () => {
  it('rejects non-owners with FORBIDDEN, and non-members of a private room with NOT_FOUND', async () => {
    const roomId = await roomWithStaff();
    for (const member of [bob, cid]) {
      await expect(rooms.delete(member, roomId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const dan: Identity = { ...ann, userId: 'dan' };
    await expect(rooms.delete(dan, roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(rooms.delete(bob, await publicRoom())).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await roleOf('cid', roomId)).toBe('member');
  });

  it('makes the room NOT_FOUND for its members and signals the deletion to all of them', async () => {
    const roomId = await roomWithStaff();
    await rooms.delete(ann, roomId);
    expect(signals).toEqual([{ type: 'room-deleted', roomId, userIds: ['ann', 'bob', 'cid'] }]);
    const notFound = { code: 'NOT_FOUND', message: 'Room not found.' };
    await expect(rooms.get(ann, roomId)).rejects.toMatchObject(notFound);
    await expect(access.join('bob', roomId)).rejects.toMatchObject(notFound);
    await expect(rooms.delete(ann, roomId)).rejects.toMatchObject(notFound);
    expect(await rooms.list(cid, { discover: false })).toEqual([]);
    expect(await roleOf('ann', roomId)).toBeUndefined();
  });

  it('keeps the name of a deleted room taken, for joining and for creating', async () => {
    const roomId = await publicRoom();
    await rooms.delete(ann, roomId);
    await expect(access.join('ann', roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(rooms.create(bob, { name: roomId, visibility: 'public' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await rooms.list(ann, { discover: true })).toEqual([]);
  });

  it('does not count attempts to join a deleted room against the room creation limit', async () => {
    const { id: roomId } = await rooms.create(ann, { name: 'den', visibility: 'public' });
    await rooms.delete(ann, roomId);
    for (let n = 0; n < 40; n += 1) {
      await expect(access.join('bob', roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect((await access.join('bob', 'new')).role).toBe('owner');
  });

  it('splits the deletion signal for the members of a large room into chunks', async () => {
    const roomId = await publicRoom();
    for (let n = 0; n < MAX_SIGNAL_USERS; n += 1) {
      await store.addMember({ roomId, userId: `user-${n}`, role: 'member', joinedAt: '' });
    }
    signals = [];
    await rooms.delete(ann, roomId);
    const userIds = signals.map((signal) => (signal.type === 'room-deleted' ? signal.userIds : []));
    expect(userIds.map(({ length }) => length)).toEqual([MAX_SIGNAL_USERS, 1]);
    expect(new Set(userIds.flat()).size).toBe(MAX_SIGNAL_USERS + 1);
  });

  it('rejects the deletion of general with CONFLICT, for callers of any role', async () => {
    await creation.onModuleInit();
    const joinedAt = '2026-01-01T00:00:00.000Z';
    await store.addMember({ roomId: 'general', userId: 'ann', role: 'owner', joinedAt });
    await store.addMember({ roomId: 'general', userId: 'bob', role: 'member', joinedAt });
    for (const caller of [ann, bob, cid]) {
      await expect(rooms.delete(caller, 'general')).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(signals).toEqual([]);
    expect(await access.join('cid', 'general')).toMatchObject({ role: 'member' });
  });
});

describe('ReadPositions', () => {
  const positionOf = (roomId: string, userId: string): number | undefined =>
    store.members.get(`${roomId} ${userId}`)?.lastReadSeq;

  it('start at the head for a user who joins or is added, and at 0 for the creator', async () => {
    const roomId = await publicRoom();
    headSeqs.set(roomId, 7);
    await access.join('bob', roomId);
    headSeqs.set(roomId, 9);
    await members.add(ann, roomId, 'cid');
    headSeqs.set(roomId, 11);
    await access.join('bob', roomId);
    await members.add(ann, roomId, 'cid');
    const userIds = ['ann', 'bob', 'cid'];
    expect(userIds.map((userId) => positionOf(roomId, userId))).toEqual([0, 7, 9]);
    await access.join('ann', 'joined');
    expect(positionOf('joined', 'ann')).toBe(0);
  });

  it('are listed with the rooms and heads of a user', async () => {
    const roomId = await publicRoom();
    await access.join('bob', roomId);
    headSeqs.set(roomId, 7);
    expect(await readPositions.roomsOf('bob')).toMatchObject([
      { room: { id: roomId }, role: 'member', head: { seq: 7 }, lastReadSeq: 0 },
    ]);
    expect(await readPositions.roomsOf('cid')).toEqual([]);
  });

  it('of an earlier version start at the head when the rooms are first listed', async () => {
    const joinedAt = '2026-01-01T00:00:00.000Z';
    for (const roomId of [await publicRoom(), await privateRoom()]) {
      headSeqs.set(roomId, 100);
      await store.addMember({ roomId, userId: 'bob', role: 'member', joinedAt });
    }
    const read = async () =>
      (await readPositions.roomsOf('bob')).map(({ head, lastReadSeq }) => [head.seq, lastReadSeq]);
    expect(await read()).toEqual([
      [100, 100],
      [100, 100],
    ]);
    for (const roomId of store.rooms.keys()) headSeqs.set(roomId, 103);
    expect(await read()).toEqual([
      [103, 100],
      [103, 100],
    ]);
  });

  it('are in the list of the rooms of a user with the unread messages, and not in others', async () => {
    const roomId = await publicRoom();
    headSeqs.set(roomId, 7);
    const query = { discover: false, query: undefined };
    expect(await rooms.list(ann, query)).toMatchObject([{ seq: 7, lastReadSeq: 0, unread: 7 }]);
    const [discovered] = await rooms.list(ann, { ...query, discover: true });
    for (const room of [discovered, await rooms.get(ann, roomId)]) {
      expect(room).toMatchObject({ id: roomId, seq: 7 });
      expect(Object.keys(room ?? {})).not.toContain('unread');
    }
  });
});

describe('ReadPositions.move', () => {
  const move = (userId: string, roomId: string, seq: number, backwards = false) =>
    readPositions.move({ userId, roomId, seq, backwards, socketId: 's1' });
  const positionSignals = () =>
    signals.flatMap((signal) => (signal.type === 'read-positions-moved' ? signal.positions : []));

  it('returns the stored position with the number of messages after it, and signals moves', async () => {
    const roomId = await publicRoom();
    headSeqs.set(roomId, 10);
    expect(await move('ann', roomId, 6)).toEqual({ lastReadSeq: 6, unread: 4 });
    expect(await move('ann', roomId, 4)).toEqual({ lastReadSeq: 6, unread: 4 });
    expect(await move('ann', roomId, 4, true)).toEqual({ lastReadSeq: 4, unread: 6 });
    expect(await move('ann', roomId, 4, true)).toEqual({ lastReadSeq: 4, unread: 6 });
    const common = { roomId, userId: 'ann', socketId: 's1' };
    expect(positionSignals()).toEqual([
      { ...common, lastReadSeq: 6, unread: 4 },
      { ...common, lastReadSeq: 4, unread: 6 },
    ]);
  });

  it('counts a seq beyond the head as the head, in both directions', async () => {
    const roomId = await publicRoom();
    headSeqs.set(roomId, 10);
    expect(await move('ann', roomId, 1_000)).toEqual({ lastReadSeq: 10, unread: 0 });
    headSeqs.set(roomId, 11);
    expect(await move('ann', roomId, 1_000, true)).toEqual({ lastReadSeq: 11, unread: 0 });
    expect(positionSignals().map(({ lastReadSeq }) => lastReadSeq)).toEqual([10, 11]);
  });

  it('rejects a user who is not a member with NOT_FOUND, and signals nothing', async () => {
    const roomId = await publicRoom();
    for (const id of [roomId, await privateRoom(), MISSING_ROOM_ID]) {
      for (const backwards of [false, true]) {
        await expect(move('bob', id, 1, backwards)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    }
    expect(positionSignals()).toEqual([]);
  });
});

describe('ReadPositions.markSent', () => {
  const last = (roomId: string, userId: string, seq: number, headSeq: number) => ({
    roomId,
    userId,
    seq,
    messageId: `message-${seq}`,
    headSeq,
  });
  const positionSignals = () =>
    signals.flatMap((signal) => (signal.type === 'read-positions-moved' ? [signal.positions] : []));

  it('moves the positions of senders, and signals them together', async () => {
    const roomId = await roomWithStaff();
    await readPositions.markSent([last(roomId, 'ann', 6, 9), last(roomId, 'bob', 9, 9)]);
    expect(positionSignals()).toEqual([
      [
        { roomId, userId: 'ann', lastReadSeq: 6, unread: 3, messageId: 'message-6' },
        { roomId, userId: 'bob', lastReadSeq: 9, unread: 0, messageId: 'message-9' },
      ],
    ]);
    const stored = await store.findMembers([
      { roomId, userId: 'ann' },
      { roomId, userId: 'bob' },
    ]);
    expect(stored.map(({ lastReadSeq }) => lastReadSeq)).toEqual([6, 9]);
  });

  it('neither moves nor signals a position that is further, and ignores former members', async () => {
    const roomId = await roomWithStaff();
    headSeqs.set(roomId, 9);
    await readPositions.move({ userId: 'ann', roomId, seq: 8, backwards: false, socketId: 's1' });
    signals = [];
    await readPositions.markSent([last(roomId, 'ann', 6, 9), last(roomId, 'dan', 9, 9)]);
    expect(positionSignals()).toEqual([]);
    expect(store.members.get(`${roomId} ann`)?.lastReadSeq).toBe(8);
  });

  it('does not signal the position of a sender when a request overtakes the write', async () => {
    const roomId = await roomWithStaff();
    headSeqs.set(roomId, 9);
    const markManyRead = store.markManyRead.bind(store);
    jest.spyOn(store, 'markManyRead').mockImplementationOnce(async (positions) => {
      await readPositions.move({ userId: 'ann', roomId, seq: 8, backwards: false, socketId: 's1' });
      await markManyRead(positions);
    });
    await readPositions.markSent([last(roomId, 'ann', 6, 9), last(roomId, 'bob', 7, 9)]);
    expect(positionSignals()).toEqual([
      [{ roomId, userId: 'ann', lastReadSeq: 8, unread: 1, socketId: 's1' }],
      [{ roomId, userId: 'bob', lastReadSeq: 7, unread: 2, messageId: 'message-7' }],
    ]);
  });

  it('splits the signal for many senders into chunks', async () => {
    const roomId = await publicRoom();
    const userIds = Array.from({ length: MAX_SIGNAL_POSITIONS + 1 }, (_, n) => `user-${n}`);
    for (const userId of userIds) {
      await store.addMember({ roomId, userId, role: 'member', joinedAt: '' });
    }
    await readPositions.markSent(userIds.map((userId) => last(roomId, userId, 1, 1)));
    expect(positionSignals().map(({ length }) => length)).toEqual([MAX_SIGNAL_POSITIONS, 1]);
  });
});

describe('RoomsOfUsers', () => {
  const joinedAt = '2026-01-01T00:00:00.000Z';

  it('returns the read positions of several users in all their rooms', async () => {
    const [first, second] = [await publicRoom(), await privateRoom()];
    await store.addMember({
      roomId: first,
      userId: 'bob',
      role: 'member',
      joinedAt,
      lastReadSeq: 3,
    });
    const { positions, complete } = await roomsOfUsers.positionsOf(['ann', 'bob', 'cid']);
    expect(complete).toBe(true);
    expect(new Set(positions.map(({ roomId, userId }) => `${roomId} ${userId}`))).toEqual(
      new Set([`${first} ann`, `${second} ann`, `${first} bob`]),
    );
    expect(positions.find(({ userId }) => userId === 'bob')?.lastReadSeq).toBe(3);
  });

  it('counts all present messages as read for a membership of an earlier version, once', async () => {
    const roomId = await publicRoom();
    headSeqs.set(roomId, 100);
    await store.addMember({ roomId, userId: 'bob', role: 'member', joinedAt });
    const read = async () => (await roomsOfUsers.positionsOf(['bob'])).positions;
    expect(await read()).toEqual([{ roomId, userId: 'bob', lastReadSeq: 100 }]);
    headSeqs.set(roomId, 103);
    expect(await read()).toMatchObject([{ lastReadSeq: 100 }]);
  });

  it('returns at most 5,000 rooms, and reports that there are more', async () => {
    for (let room = 1; room <= 5_001; room += 1) {
      const roomId = `room-${room}`;
      await store.addMember({ roomId, userId: 'bob', role: 'member', joinedAt, lastReadSeq: 0 });
    }
    const { positions, complete } = await roomsOfUsers.positionsOf(['bob']);
    expect([positions.length, complete]).toEqual([5_000, false]);
  });
});

describe('MembershipLimit', () => {
  it('rejects changes beyond the limit with RATE_LIMITED, and sends no signals for them', async () => {
    const roomId = await publicRoom();
    signals = [];
    let changes = 0;
    const churn = async (): Promise<void> => {
      await access.join('bob', roomId);
      changes += 1;
      await members.remove(bob, roomId, 'bob');
      changes += 1;
    };
    const outcome = await repeat(churn, 200).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'RATE_LIMITED' });
    expect(changes).toBeGreaterThanOrEqual(200);
    expect(changes).toBeLessThan(250);
    expect(signals).toHaveLength(changes);
    expect(await roleOf('bob', roomId)).toBe(changes % 2 === 1 ? 'member' : undefined);
  });

  it('accepts changes by other users while one user is over the limit', async () => {
    const roomId = await publicRoom();
    const churn = async (): Promise<void> => {
      await access.join('bob', roomId);
      await members.remove(bob, roomId, 'bob');
    };
    await expect(repeat(churn, 200)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (const userId of ['cid', 'dan']) {
      expect(await access.join(userId, roomId)).toMatchObject({ role: 'member' });
    }
    await members.remove(ann, roomId, 'dan');
    expect(await roleOf('dan', roomId)).toBeUndefined();
  });

  it('does not count joins by existing members', async () => {
    const roomId = await publicRoom();
    await access.join('bob', roomId);
    signals = [];
    await repeat(() => access.join('bob', roomId), 300);
    expect(signals).toEqual([]);
  });

  const repeat = async (work: () => Promise<unknown>, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await work();
  };
});
