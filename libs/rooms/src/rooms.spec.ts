import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Identity } from '@chat/auth';
import type { Role, User } from '@chat/contracts';
import {
  InMemoryRateLimiter,
  InMemorySignals,
  MAX_SIGNAL_USERS,
  Metrics,
  Refusals,
  type Signal,
} from '@chat/platform';
import { MemberNotices } from './member-notices.ts';
import { Members } from './members.ts';
import { MembershipLimit } from './membership-limit.ts';
import { RoomAccess } from './room-access.ts';
import type { RoomActivity } from './room-activity.ts';
import { RoomCreation } from './room-creation.ts';
import {
  RoomStore,
  type MemberRecord,
  type Membership,
  type RoomChanges,
  type RoomRecord,
} from './room-store.ts';
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
    return Promise.resolve(this.members.delete(`${roomId} ${userId}`));
  }
  findMembers(of: readonly Membership[]) {
    return Promise.resolve(
      of.flatMap(({ roomId, userId }) => this.members.get(`${roomId} ${userId}`) ?? []),
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
      return room && member.userId === userId ? [{ room, role: member.role }] : [];
    });
    return Promise.resolve(found);
  }
}

const USERS = ['ann', 'bob', 'cid', 'dan'];
const NO_ROOM = `~${'0'.repeat(22)}`;
const [ann, bob, cid] = ['ann', 'bob', 'cid'].map((userId): Identity => ({
  userId,
  username: userId,
  sessionId: 's',
  expiresAt: 0,
})) as [Identity, Identity, Identity];

const directory: UserDirectory = {
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
/** Rooms without any message. */
const silence: RoomActivity = {
  headsOf: () => Promise.resolve(new Map()),
  lastMessagesOf: () => Promise.resolve(new Map()),
};

let store: InMemoryRoomStore;
let signals: Signal[];
let creation: RoomCreation;
let access: RoomAccess;
let members: Members;
let rooms: Rooms;

function open(autoCreate = true): void {
  store = new InMemoryRoomStore();
  signals = [];
  const bus = new InMemorySignals();
  bus.subscribe((signal) => signals.push(signal));
  const notices = new MemberNotices(bus);
  creation = new RoomCreation(store, new InMemoryRateLimiter(), notices);
  const limiter = new InMemoryRateLimiter();
  const limit = new MembershipLimit(limiter, new Refusals(new Metrics()));
  access = new RoomAccess(store, creation, notices, limit, { autoCreate });
  members = new Members(store, access, directory, notices, limit);
  rooms = new Rooms(store, access, creation, silence, bus);
}

/** Who changed to which role, in the order told. */
const told = (): [string, Role | null][] =>
  signals.flatMap((signal) =>
    signal.type === 'member-changed' ? [[signal.userId, signal.role]] : [],
  );
const roleOf = async (userId: string, roomId: string): Promise<Role | undefined> =>
  (await access.rolesOf([{ roomId, userId }]))[0];
const publicRoom = async (): Promise<string> =>
  (await rooms.create(ann, { name: 'den', visibility: 'public' })).id;
const privateRoom = async (): Promise<string> =>
  (await rooms.create(ann, { name: 'Plans', visibility: 'private' })).id;
/** A private room of ann's, with bob as a moderator and cid as a member. */
async function staffedRoom(): Promise<string> {
  const roomId = await privateRoom();
  const joinedAt = '2026-01-01T00:00:00.000Z';
  await store.addMember({ roomId, userId: 'bob', role: 'moderator', joinedAt });
  await store.addMember({ roomId, userId: 'cid', role: 'member', joinedAt });
  signals = [];
  return roomId;
}

beforeEach(() => open());

describe('access to a room', () => {
  it('lets anyone read a public room, member or not', async () => {
    const roomId = await publicRoom();
    expect(await access.requireReadable('ann', roomId)).toMatchObject({ role: 'owner' });
    expect(await access.requireReadable('bob', roomId)).toMatchObject({ role: undefined });
  });

  it('answers for a private room, to others, as for one that does not exist', async () => {
    const roomId = await privateRoom();
    const failure = async (refused: Promise<unknown>) =>
      refused.then(
        () => 'allowed',
        (error: unknown) => error,
      );
    const ways: ((id: string) => Promise<unknown>)[] = [
      (id) => access.requireReadable('bob', id),
      (id) => access.join('bob', id),
      (id) => rooms.get(bob, id),
      (id) => rooms.update(bob, id, { topic: 'x' }),
      (id) => members.list(bob, id, { limit: 10 }),
      (id) => members.add(bob, id, 'bob'),
      (id) => members.add(bob, id, 'nobody'),
      (id) => members.remove(bob, id, 'bob'),
      (id) => members.remove(bob, id, 'ann'),
    ];
    for (const way of ways) {
      const real = await failure(way(roomId));
      expect(real).toMatchObject({ code: 'NOT_FOUND', message: 'There is no such room.' });
      expect(real).toEqual(await failure(way(NO_ROOM)));
    }
    expect(await roleOf('bob', roomId)).toBeUndefined();
    expect(await roleOf('bob', NO_ROOM)).toBeUndefined();
  });

  it('makes whoever joins a public room a lasting member, and tells it once', async () => {
    const roomId = await publicRoom();
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'member' });
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'member' });
    expect(await access.join('ann', roomId)).toMatchObject({ role: 'owner' });
    expect(await roleOf('bob', roomId)).toBe('member');
    expect(told()).toEqual([
      ['ann', 'owner'],
      ['bob', 'member'],
    ]);
  });

  it('lets nobody into a room that is deleted while they join or are added', async () => {
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
    expect(told().filter(([userId]) => userId === 'bob')).toEqual([]);
  });

  it('gives a member of a private room the role, without changing anything', async () => {
    const roomId = await staffedRoom();
    expect(await access.join('bob', roomId)).toMatchObject({ role: 'moderator' });
    expect(told()).toEqual([]);
  });
});

describe('joining an unknown room', () => {
  it('makes it once, owned by one of those who race for it', async () => {
    const answers = await Promise.all(USERS.map((userId) => access.join(userId, 'raced')));
    expect(answers.map(({ role }) => role).toSorted()).toEqual([
      'member',
      'member',
      'member',
      'owner',
    ]);
    const owner = [...store.members.values()].find(({ role }) => role === 'owner');
    expect(store.rooms.get('raced')?.createdBy).toBe(owner?.userId);
  });

  it('makes nothing where the operator does not want it', async () => {
    open(false);
    await expect(access.join('ann', 'new')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(store.rooms.size).toBe(0);
  });

  it('makes nothing of the form of a private room', async () => {
    await expect(access.join('ann', NO_ROOM)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(store.rooms.size).toBe(0);
  });
});

describe('making a room', () => {
  it('takes the name of a public room as its id, once', async () => {
    const made = await rooms.create(ann, { name: 'den', visibility: 'public', topic: 'Bears' });
    expect(made).toMatchObject({ id: 'den', topic: 'Bears', createdBy: 'ann', role: 'owner' });
    await expect(rooms.create(bob, { name: 'den', visibility: 'public' })).rejects.toMatchObject({
      code: 'CONFLICT',
      options: { details: [{ path: 'name' }] },
    });
    expect(await roleOf('bob', 'den')).toBeUndefined();
  });

  it('gives private rooms ids that tell nothing, also for one name', async () => {
    const ids = [await privateRoom(), await privateRoom()];
    for (const id of ids) expect(id).toMatch(/^~[A-Za-z0-9]{22}$/);
    expect(new Set(ids).size).toBe(2);
  });

  it('is limited per user, whether by name or by joining', async () => {
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

  it('begins with general, which nobody owns, whichever process starts first', async () => {
    await Promise.all([creation.onModuleInit(), creation.onModuleInit()]);
    await access.join('ann', 'general');
    await creation.onModuleInit();
    expect([...store.rooms.keys()]).toEqual(['general']);
    expect(store.rooms.get('general')).not.toHaveProperty('createdBy');
    expect(await roleOf('ann', 'general')).toBe('member');
  });
});

describe('listing rooms', () => {
  it('gives those that the caller is in, with the role', async () => {
    await publicRoom();
    const hidden = await privateRoom();
    await rooms.create(bob, { name: 'other', visibility: 'public' });
    const mine = await rooms.list(ann, { discover: false });
    expect(mine).toMatchObject([
      { id: 'den', role: 'owner', seq: 0, rev: 0 },
      { id: hidden, role: 'owner', seq: 0, rev: 0 },
    ]);
  });

  it('discovers public rooms alone, and says which the caller is in', async () => {
    await publicRoom();
    await privateRoom();
    await rooms.create(bob, { name: 'other', visibility: 'public' });
    const found = await rooms.list(bob, { discover: true });
    expect(found.map(({ id, role }) => [id, role])).toEqual([
      ['den', undefined],
      ['other', 'owner'],
    ]);
  });

  it('shows at most a hundred rooms to discover', async () => {
    for (let n = 0; n < 101; n += 1) {
      await store.createRoom({ id: `r${n}`, name: `r${n}`, visibility: 'public', createdAt: '' });
    }
    expect(await rooms.list(ann, { discover: true })).toHaveLength(100);
  });
});

describe('adding a member', () => {
  it.each([
    ['owner', ann],
    ['moderator', bob],
  ])('is for the %s of a private room', async (_role, who) => {
    const roomId = await staffedRoom();
    expect(await members.add(who, roomId, 'dan')).toMatchObject({
      userId: 'dan',
      username: 'dan',
      displayName: 'DAN',
      role: 'member',
    });
    expect(told()).toEqual([['dan', 'member']]);
  });

  it('is not for members, and in a public room not for those who only read', async () => {
    const refused = { code: 'FORBIDDEN' };
    await expect(members.add(cid, await staffedRoom(), 'dan')).rejects.toMatchObject(refused);
    await expect(members.add(bob, await publicRoom(), 'dan')).rejects.toMatchObject(refused);
    expect(told()).toEqual([['ann', 'owner']]);
  });

  it('lets anyone add themselves to a public room', async () => {
    const roomId = await publicRoom();
    expect(await members.add(bob, roomId, 'bob')).toMatchObject({ userId: 'bob', role: 'member' });
  });

  it('leaves a member what they are, and tells nothing', async () => {
    const roomId = await staffedRoom();
    expect(await members.add(ann, roomId, 'bob')).toMatchObject({ role: 'moderator' });
    expect(told()).toEqual([]);
  });

  it('needs a user who exists', async () => {
    const roomId = await staffedRoom();
    await expect(members.add(ann, roomId, 'nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no such user.',
    });
    expect(await roleOf('nobody', roomId)).toBeUndefined();
  });
});

describe('removing a member', () => {
  it.each([
    ['owner', ann],
    ['moderator', bob],
  ])('is for the %s', async (_role, who) => {
    const roomId = await staffedRoom();
    await members.remove(who, roomId, 'cid');
    expect(told()).toEqual([['cid', null]]);
    await expect(access.requireReadable('cid', roomId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('is not for members', async () => {
    const roomId = await staffedRoom();
    await expect(members.remove(cid, roomId, 'bob')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await roleOf('bob', roomId)).toBe('moderator');
  });

  it('lets members leave, general included', async () => {
    const roomId = await staffedRoom();
    await members.remove(cid, roomId, 'cid');
    await creation.onModuleInit();
    await access.join('ann', 'general');
    await members.remove(ann, 'general', 'ann');
    expect(await rooms.list(cid, { discover: false })).toEqual([]);
    expect(told()).toEqual([
      ['cid', null],
      ['ann', 'member'],
      ['ann', null],
    ]);
  });

  it('keeps the only owner of a private room in it', async () => {
    const roomId = await privateRoom();
    await expect(members.remove(ann, roomId, 'ann')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'You are the only owner of this private room and cannot leave it.',
    });
    expect(await roleOf('ann', roomId)).toBe('owner');
  });

  it('lets the owner of a public room leave it', async () => {
    const roomId = await publicRoom();
    await members.remove(ann, roomId, 'ann');
    expect(await roleOf('ann', roomId)).toBeUndefined();
  });

  it('does not let a moderator remove the owner', async () => {
    const roomId = await staffedRoom();
    await expect(members.remove(bob, roomId, 'ann')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await roleOf('ann', roomId)).toBe('owner');
  });

  it('says when there is nobody to remove', async () => {
    const roomId = await staffedRoom();
    const missing = { code: 'NOT_FOUND', message: 'That user is not a member of the room.' };
    await expect(members.remove(ann, roomId, 'dan')).rejects.toMatchObject(missing);
    await expect(members.remove(bob, await publicRoom(), 'bob')).rejects.toMatchObject(missing);
  });
});

describe('listing members', () => {
  it('goes page by page, by user id', async () => {
    const roomId = await staffedRoom();
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

describe('changing a room', () => {
  it('is for owners and moderators, and is told', async () => {
    const roomId = await staffedRoom();
    expect(await rooms.update(bob, roomId, { topic: 'new' })).toMatchObject({ topic: 'new' });
    expect(signals).toMatchObject([{ type: 'room-updated', room: { id: roomId, topic: 'new' } }]);
    await expect(rooms.update(cid, roomId, { topic: 'mine' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('keeps the name of a public room, which is its id', async () => {
    await expect(rooms.update(ann, await publicRoom(), { name: 'x' })).rejects.toMatchObject({
      code: 'VALIDATION',
    });
  });
});

describe('deleting a room', () => {
  it('is for its owner, and to all others as before', async () => {
    const roomId = await staffedRoom();
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

  it('leaves nothing of it to anybody, and tells who was in it', async () => {
    const roomId = await staffedRoom();
    await rooms.delete(ann, roomId);
    expect(signals).toEqual([{ type: 'room-deleted', roomId, userIds: ['ann', 'bob', 'cid'] }]);
    const gone = { code: 'NOT_FOUND', message: 'There is no such room.' };
    await expect(rooms.get(ann, roomId)).rejects.toMatchObject(gone);
    await expect(access.join('bob', roomId)).rejects.toMatchObject(gone);
    await expect(rooms.delete(ann, roomId)).rejects.toMatchObject(gone);
    expect(await rooms.list(cid, { discover: false })).toEqual([]);
    expect(await roleOf('ann', roomId)).toBeUndefined();
  });

  it('never gives its name again, neither by making nor by joining', async () => {
    const roomId = await publicRoom();
    await rooms.delete(ann, roomId);
    await expect(access.join('ann', roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(rooms.create(bob, { name: roomId, visibility: 'public' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await rooms.list(ann, { discover: true })).toEqual([]);
  });

  it('costs those who join it afterwards no room of their allowance', async () => {
    const { id: roomId } = await rooms.create(ann, { name: 'den', visibility: 'public' });
    await rooms.delete(ann, roomId);
    for (let n = 0; n < 40; n += 1) {
      await expect(access.join('bob', roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect((await access.join('bob', 'new')).role).toBe('owner');
  });

  it('tells members of a large room by several signals', async () => {
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

  it('is not for general, whoever asks', async () => {
    await creation.onModuleInit();
    await expect(rooms.delete(ann, 'general')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await access.join('ann', 'general')).toMatchObject({ role: 'member' });
  });
});

describe('changes of membership', () => {
  it('are refused when a user makes them too fast, and told of no one', async () => {
    const roomId = await publicRoom();
    signals = [];
    const churn = async (): Promise<void> => {
      await access.join('bob', roomId);
      await members.remove(bob, roomId, 'bob');
    };
    const outcome = await repeat(churn, 200).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'RATE_LIMITED' });
    expect(signals.length).toBeGreaterThanOrEqual(200);
    expect(signals.length).toBeLessThan(250);
    expect(await access.join('cid', roomId)).toMatchObject({ role: 'member' });
  });

  it('are not counted where nothing changes', async () => {
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
