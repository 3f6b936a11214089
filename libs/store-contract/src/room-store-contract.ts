import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '@chat/contracts';
import type { MemberRecord, ReadPosition, RoomRecord, RoomStore } from '@chat/rooms';
import { SPECIAL_IDS } from './special-ids.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

const TIMESTAMP = '2026-01-02T03:04:05.678Z';

function newRoom(overrides: Partial<RoomRecord> = {}): RoomRecord {
  const id = overrides.id ?? `room-${randomUUID()}`;
  return { id, name: id, visibility: 'public', createdAt: TIMESTAMP, ...overrides };
}

function newMember(roomId: string, overrides: Partial<MemberRecord> = {}): MemberRecord {
  return { roomId, userId: randomUUID(), role: 'member', joinedAt: TIMESTAMP, ...overrides };
}

/** Registers the tests that every RoomStore must pass. */
export function describeRoomStore(name: string, open: OpenStore<RoomStore>): void {
  describe(`${name}RoomStore`, () => {
    let opened: OpenedStore<RoomStore>;
    let store: RoomStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    /** Creates a room with an owner and a member. */
    async function roomWithGuest(): Promise<{
      room: RoomRecord;
      owner: MemberRecord;
      guest: MemberRecord;
    }> {
      const room = newRoom();
      const owner = newMember(room.id, { role: 'owner' });
      const guest = newMember(room.id);
      await store.createRoom(room, owner);
      await store.addMember(guest);
      return { room, owner, guest };
    }

    /** Returns the role of each member, by user id. */
    async function rolesIn(roomId: string): Promise<Record<string, Role>> {
      const members = await store.listMembers(roomId, { limit: 100 });
      return Object.fromEntries(members.map(({ userId, role }) => [userId, role]));
    }

    const position = ({ roomId, userId }: MemberRecord, lastReadSeq: number): ReadPosition => ({
      roomId,
      userId,
      lastReadSeq,
    });

    /** Returns the stored read position of each member. */
    async function positionsOf(
      ...members: readonly MemberRecord[]
    ): Promise<(number | undefined)[]> {
      return Promise.all(
        members.map(async ({ roomId, userId }) => {
          const member = await store.findMember(roomId, userId);
          return member?.lastReadSeq;
        }),
      );
    }

    it('returns a room and the first member that it was created with', async () => {
      const plans = newRoom({ visibility: 'private', name: 'Plans 🗺', topic: 'x', createdBy: 'u' });
      const owner = newMember(plans.id, { role: 'owner' });
      expect(await store.createRoom(plans, owner)).toBe(true);
      expect(await store.findRoom(plans.id)).toEqual(plans);
      expect(await store.findMember(plans.id, owner.userId)).toEqual(owner);
      const bare = newRoom();
      expect(await store.createRoom(bare)).toBe(true);
      expect(await store.findRoom(bare.id)).toEqual(bare);
      expect(await store.listMembers(bare.id, { limit: 10 })).toEqual([]);
    });

    it('creates a room with an id once, and stores nothing from a second attempt', async () => {
      const first = newRoom();
      const owner = newMember(first.id, { role: 'owner' });
      await store.createRoom(first, owner);
      const late = newMember(first.id, { role: 'owner' });
      expect(await store.createRoom({ ...first, name: 'Other' }, late)).toBe(false);
      expect(await store.findRoom(first.id)).toEqual(first);
      expect(await store.listMembers(first.id, { limit: 10 })).toEqual([owner]);
    });

    it('lets one of 8 concurrent creations of a room succeed, with its own first member', async () => {
      const room = newRoom();
      const owners = Array.from({ length: 8 }, () => newMember(room.id, { role: 'owner' }));
      const outcomes = await Promise.all(owners.map((owner) => store.createRoom(room, owner)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual([
        owners[outcomes.indexOf(true)],
      ]);
    });

    it('updates the given fields of a room, and keeps the others', async () => {
      const room = newRoom({ name: 'Before', topic: 'old', visibility: 'private' });
      await store.createRoom(room);
      expect(await store.updateRoom(room.id, { topic: 'new' })).toEqual({ ...room, topic: 'new' });
      const changed = { ...room, name: 'After', topic: 'new' };
      expect(await store.updateRoom(room.id, { name: 'After' })).toEqual(changed);
      expect(await store.findRoom(room.id)).toEqual(changed);
      expect(await store.updateRoom('no-such-room', { topic: 'x' })).toBeUndefined();
    });

    it('stores an empty topic', async () => {
      const room = newRoom({ topic: 'before' });
      await store.createRoom(room);
      expect(await store.updateRoom(room.id, { topic: '' })).toEqual({ ...room, topic: '' });
      expect(await store.updateRoom(room.id, {})).toEqual({ ...room, topic: '' });
    });

    it('finds a room by its updated name and topic, but not by the old ones', async () => {
      const [early, late] = [randomUUID(), randomUUID()];
      const room = newRoom({ name: early, topic: `t${early}` });
      await store.createRoom(room);
      await store.updateRoom(room.id, { name: late.toUpperCase(), topic: `t${late}` });
      expect(await store.findPublicRooms(early, 10)).toEqual([]);
      expect(await store.findPublicRooms(late, 10)).toHaveLength(1);
      expect(await store.findPublicRooms(`T${late}`, 10)).toHaveLength(1);
    });

    it('finds neither a deleted room nor its members, and changes neither', async () => {
      const room = newRoom({ createdBy: 'u', topic: 'x' });
      const owner = newMember(room.id, { role: 'owner' });
      const guest = newMember(room.id);
      await store.createRoom(room, owner);
      await store.addMember(guest);
      expect(await store.deleteRoom(room.id, TIMESTAMP)).toBe(true);
      expect(await store.deleteRoom(room.id, TIMESTAMP)).toBe(false);
      expect(await store.findRoom(room.id)).toBeUndefined();
      expect(await store.updateRoom(room.id, { topic: 'y' })).toBeUndefined();
      expect(await store.updateRoom(room.id, {})).toBeUndefined();
      expect(await store.findPublicRooms(room.name, 10)).toEqual([]);
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual([]);
      for (const { userId } of [owner, guest]) {
        expect(await store.findMember(room.id, userId)).toBeUndefined();
        expect(await store.removeMember(room.id, userId)).toBe(false);
        expect(await store.listRoomsOf(userId)).toEqual([]);
      }
    });

    it('accepts neither a new room nor a member with the id of a deleted room', async () => {
      const room = newRoom();
      const owner = newMember(room.id, { role: 'owner' });
      await store.createRoom(room, owner);
      await store.deleteRoom(room.id, TIMESTAMP);
      expect(await store.createRoom(room, owner)).toBe(false);
      expect(await store.addMember(owner)).toBe(false);
      expect(await store.findRoom(room.id)).toBeUndefined();
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual([]);
      expect(await store.findMember(room.id, owner.userId)).toBeUndefined();
    });

    it('finds the deleted rooms among given ids, and does not delete unknown rooms', async () => {
      const [deleted, existing, unknown] = [newRoom(), newRoom(), newRoom()];
      await store.createRoom(deleted);
      await store.createRoom(existing);
      await store.deleteRoom(deleted.id, TIMESTAMP);
      expect(await store.deleteRoom(unknown.id, TIMESTAMP)).toBe(false);
      const ids = [deleted.id, existing.id, unknown.id];
      expect(await store.findDeleted(ids)).toEqual(new Set([deleted.id]));
      expect(await store.findDeleted([])).toEqual(new Set());
      expect(await store.createRoom(unknown)).toBe(true);
    });

    it('lets one of 8 concurrent deletions of a room succeed', async () => {
      const room = newRoom();
      await store.createRoom(room, newMember(room.id));
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => store.deleteRoom(room.id, TIMESTAMP)),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
    });

    it.each(SPECIAL_IDS)('stores %p literally as an id and as a name', async (text) => {
      const room = newRoom({ id: text, name: text, topic: text, createdBy: text });
      const owner = newMember(text, { userId: text, role: 'owner' });
      expect(await store.createRoom(room, owner)).toBe(true);
      expect(await store.findRoom(text)).toEqual(room);
      expect(await store.findMember(text, text)).toEqual(owner);
      expect(await store.listMembers(text, { limit: 10 })).toEqual([owner]);
      expect(await store.listRoomsOf(text)).toEqual([{ room, role: 'owner' }]);
    });

    it('finds public rooms by part of their name or topic, ignoring case, sorted by name', async () => {
      const mark = `m${randomUUID().slice(0, 8)}`;
      const b = newRoom({ id: `b-${mark}` });
      const a = newRoom({ id: `a-${randomUUID()}`, topic: `All about ${mark.toUpperCase()}!` });
      const hidden = newRoom({ name: mark, visibility: 'private' });
      for (const room of [b, a, hidden]) await store.createRoom(room);
      expect(await store.findPublicRooms(mark, 10)).toEqual([a, b]);
      expect(await store.findPublicRooms(mark, 1)).toEqual([a]);
      const all = await store.findPublicRooms(undefined, 1_000);
      expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([a.id, b.id]));
      expect(all.every(({ visibility }) => visibility === 'public')).toBe(true);
    });

    it.each(['%', '_', '.*', "' OR 1=1 --", '(', '\\'])(
      'searches rooms for %p literally',
      async (text) => {
        const marked = newRoom({ topic: `topic ${text} of this room` });
        await store.createRoom(marked);
        const found = await store.findPublicRooms(text, 1_000);
        expect(found).toContainEqual(marked);
        for (const { name: roomName, topic = '' } of found) {
          expect(`${roomName} ${topic}`).toContain(text);
        }
      },
    );

    it('adds a member once, keeps the first role, and removes the member once', async () => {
      const room = newRoom();
      await store.createRoom(room);
      const moderator = newMember(room.id, { role: 'moderator' });
      expect(await store.addMember(moderator)).toBe(true);
      expect(await store.addMember({ ...moderator, role: 'member' })).toBe(false);
      expect(await store.findMember(room.id, moderator.userId)).toEqual(moderator);
      expect(await store.removeMember(room.id, moderator.userId)).toBe(true);
      expect(await store.removeMember(room.id, moderator.userId)).toBe(false);
      expect(await store.findMember(room.id, moderator.userId)).toBeUndefined();
    });

    it('never removes an owner, neither the first room nor room to whom the room was handed', async () => {
      const { room, owner, guest } = await roomWithGuest();
      expect(await store.removeMember(room.id, owner.userId)).toBe(false);
      expect(await store.findMember(room.id, owner.userId)).toEqual(owner);
      await store.handOver(room.id, owner.userId, guest.userId);
      expect(await store.removeMember(room.id, guest.userId)).toBe(false);
      expect(await rolesIn(room.id)).toEqual({
        [owner.userId]: 'moderator',
        [guest.userId]: 'owner',
      });
      expect(await store.removeMember(room.id, owner.userId)).toBe(true);
      expect(await rolesIn(room.id)).toEqual({ [guest.userId]: 'owner' });
    });

    it('changes the role of a member who has the expected role, and nothing else', async () => {
      const { room, owner, guest } = await roomWithGuest();
      expect(await store.changeRole(guest, 'member', 'moderator')).toBe(true);
      expect(await store.findMember(room.id, guest.userId)).toEqual({
        ...guest,
        role: 'moderator',
      });
      expect(await store.listRoomsOf(guest.userId)).toEqual([{ room, role: 'moderator' }]);
      expect(await store.changeRole(guest, 'member', 'moderator')).toBe(false);
      expect(await store.changeRole(guest, 'moderator', 'moderator')).toBe(true);
      expect(await store.changeRole(guest, 'moderator', 'member')).toBe(true);
      expect(await rolesIn(room.id)).toEqual({ [owner.userId]: 'owner', [guest.userId]: 'member' });
    });

    it('changes the role neither of an owner, nor of a user who is not a member', async () => {
      const { room, owner } = await roomWithGuest();
      const stranger = newMember(room.id);
      for (const role of ['moderator', 'member'] as const) {
        expect(await store.changeRole(owner, role, 'member')).toBe(false);
        expect(await store.changeRole(stranger, role, 'moderator')).toBe(false);
      }
      expect(await store.changeRole(newMember('no-such-room'), 'member', 'moderator')).toBe(false);
      expect(await store.findMember(room.id, owner.userId)).toEqual(owner);
      expect(await store.findMember(room.id, stranger.userId)).toBeUndefined();
    });

    it('lets one of 8 concurrent changes of a role succeed', async () => {
      const { guest } = await roomWithGuest();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => store.changeRole(guest, 'member', 'moderator')),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
    });

    it('hands a room over and back: the previous owner becomes a moderator', async () => {
      const { room, owner, guest } = await roomWithGuest();
      expect(await store.handOver(room.id, owner.userId, guest.userId)).toBe(true);
      expect(await store.findMember(room.id, guest.userId)).toEqual({ ...guest, role: 'owner' });
      expect(await store.findMember(room.id, owner.userId)).toEqual({
        ...owner,
        role: 'moderator',
      });
      expect(await store.findRoom(room.id)).toEqual(room);
      expect(await store.handOver(room.id, guest.userId, owner.userId)).toBe(true);
      expect(await rolesIn(room.id)).toEqual({
        [owner.userId]: 'owner',
        [guest.userId]: 'moderator',
      });
    });

    it('hands a room over only from its owner, and only to another member', async () => {
      const { room, owner, guest } = await roomWithGuest();
      const before = await rolesIn(room.id);
      const stranger = randomUUID();
      expect(await store.handOver(room.id, guest.userId, owner.userId)).toBe(false);
      expect(await store.handOver(room.id, guest.userId, guest.userId)).toBe(false);
      expect(await store.handOver(room.id, stranger, guest.userId)).toBe(false);
      expect(await store.handOver(room.id, owner.userId, owner.userId)).toBe(false);
      expect(await store.handOver(room.id, owner.userId, stranger)).toBe(false);
      expect(await store.handOver('no-such-room', owner.userId, guest.userId)).toBe(false);
      expect(await rolesIn(room.id)).toEqual(before);
    });

    it('leaves exactly one owner after concurrent hand-overs in a circle and to several members', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { room, owner, guest } = await roomWithGuest();
        const other = newMember(room.id);
        await store.addMember(other);
        const ids = [owner.userId, guest.userId, other.userId] as const;
        const [a, b, c] = ids;
        const outcomes = await Promise.all([
          store.handOver(room.id, a, b),
          store.handOver(room.id, b, a),
          store.handOver(room.id, a, c),
          store.handOver(room.id, c, b),
          store.changeRole({ roomId: room.id, userId: b }, 'member', 'moderator'),
          store.removeMember(room.id, c),
        ]);
        expect(outcomes.slice(0, 4)).toContain(true);
        const roles = Object.values(await rolesIn(room.id));
        expect(roles.filter((role) => role === 'owner')).toHaveLength(1);
      }
    });

    it('leaves exactly one owner when a room is handed over while the new owner leaves', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { room, owner, guest } = await roomWithGuest();
        const [handedOver, left] = await Promise.all([
          store.handOver(room.id, owner.userId, guest.userId),
          store.removeMember(room.id, guest.userId),
        ]);
        expect([handedOver, left].filter(Boolean)).toHaveLength(1);
        expect(await rolesIn(room.id)).toEqual(
          handedOver
            ? { [owner.userId]: 'moderator', [guest.userId]: 'owner' }
            : { [owner.userId]: 'owner' },
        );
      }
    });

    it('makes a member the owner of a room that has none, once', async () => {
      const room = newRoom();
      await store.createRoom(room);
      const [first, second] = [newMember(room.id), newMember(room.id)];
      expect(await store.appointOwner(room.id, first.userId)).toBe(false);
      await store.addMember(first);
      await store.addMember(second);
      const outcomes = await Promise.all([
        store.appointOwner(room.id, first.userId),
        store.appointOwner(room.id, first.userId),
      ]);
      expect(outcomes.toSorted()).toEqual([false, true]);
      expect(await store.appointOwner(room.id, second.userId)).toBe(false);
      expect(await store.handOver(room.id, first.userId, second.userId)).toBe(true);
      expect(await store.appointOwner(room.id, first.userId)).toBe(false);
      expect(await rolesIn(room.id)).toEqual({
        [first.userId]: 'moderator',
        [second.userId]: 'owner',
      });
    });

    it('does not change the owner of a room that has its first one', async () => {
      const { room, owner, guest } = await roomWithGuest();
      expect(await store.appointOwner(room.id, guest.userId)).toBe(false);
      expect(await store.appointOwner(room.id, owner.userId)).toBe(false);
      expect(await rolesIn(room.id)).toEqual({ [owner.userId]: 'owner', [guest.userId]: 'member' });
    });

    it('changes no role in a deleted room', async () => {
      const { room, owner, guest } = await roomWithGuest();
      await store.deleteRoom(room.id, TIMESTAMP);
      expect(await store.changeRole(guest, 'member', 'moderator')).toBe(false);
      expect(await store.handOver(room.id, owner.userId, guest.userId)).toBe(false);
      expect(await store.appointOwner(room.id, guest.userId)).toBe(false);
      expect(await store.findMember(room.id, guest.userId)).toBeUndefined();
    });

    it('finds the existing memberships among the given ones, across rooms', async () => {
      const [room1, room2, deleted] = [newRoom(), newRoom(), newRoom()];
      const owners = [room1, room2, deleted].map(({ id }) => newMember(id, { role: 'owner' }));
      const [owner1, owner2, owner3] = owners as [MemberRecord, MemberRecord, MemberRecord];
      await store.createRoom(room1, owner1);
      await store.createRoom(room2, owner2);
      await store.createRoom(deleted, owner3);
      const [guest, nonMember, formerMember] = [
        newMember(room1.id),
        newMember(room1.id),
        newMember(deleted.id),
      ];
      await store.addMember(guest);
      await store.addMember(formerMember);
      await store.deleteRoom(deleted.id, TIMESTAMP);
      const nonMemberOfRoom2 = newMember(room2.id, { userId: owner1.userId });
      const found = await store.findMembers([
        ...[owner1, owner2, owner3, guest, nonMember, formerMember, nonMemberOfRoom2],
        { roomId: 'no-such-room', userId: guest.userId },
      ]);
      const byUser = (a: MemberRecord, b: MemberRecord) => (a.userId < b.userId ? -1 : 1);
      expect(found.toSorted(byUser)).toEqual([owner1, owner2, guest].toSorted(byUser));
      expect(await store.findMembers([])).toEqual([]);
    });

    it('re-adds a removed first member with the new role', async () => {
      const room = newRoom();
      const first = newMember(room.id, { role: 'moderator' });
      await store.createRoom(room, first);
      expect(await store.removeMember(room.id, first.userId)).toBe(true);
      expect(await store.createRoom(room, first)).toBe(false);
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual([]);
      expect(await store.listRoomsOf(first.userId)).toEqual([]);
      expect(await store.addMember({ ...first, role: 'member' })).toBe(true);
      expect((await store.findMember(room.id, first.userId))?.role).toBe('member');
    });

    it('lets one of 8 concurrent additions of a member succeed', async () => {
      const room = newRoom();
      await store.createRoom(room);
      const guest = newMember(room.id);
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.addMember(guest)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
    });

    it('lists members in pages sorted by user id', async () => {
      const room = newRoom();
      await store.createRoom(room);
      const members = Array.from({ length: 7 }, () => newMember(room.id)).toSorted((a, b) =>
        a.userId < b.userId ? -1 : 1,
      );
      for (const guest of members.toReversed()) await store.addMember(guest);
      const first = await store.listMembers(room.id, { limit: 3 });
      expect(first).toEqual(members.slice(0, 3));
      const after = first.at(-1)?.userId ?? '';
      expect(await store.listMembers(room.id, { after, limit: 100 })).toEqual(members.slice(3));
      expect(await store.listMembers('no-such-room', { limit: 3 })).toEqual([]);
    });

    it('lists members in character order of their user ids, and continues after a removed member', async () => {
      const room = newRoom();
      await store.createRoom(room);
      const ordered = ['-a', '0', '9', 'A', 'Z', '_', 'a', 'aa', 'b', 'z'];
      for (const userId of ordered.toReversed())
        await store.addMember(newMember(room.id, { userId }));
      const page = async (limit: number, after: string): Promise<string[]> =>
        (await store.listMembers(room.id, { limit, after })).map(({ userId }) => userId);
      expect(await page(100, '')).toEqual(ordered);
      expect(await page(3, 'A')).toEqual(['Z', '_', 'a']);
      await store.removeMember(room.id, 'a');
      expect(await page(1, 'a')).toEqual(['aa']);
      expect(await page(3, 'z')).toEqual([]);
    });

    it('lists 1,100 rooms of a user', async () => {
      const userId = randomUUID();
      const rooms = Array.from({ length: 1_100 }, (_, n) =>
        newRoom({ name: `name-${10_000 + n}` }),
      );
      await Promise.all(
        rooms.map((room) => store.createRoom(room, newMember(room.id, { userId }))),
      );
      expect((await store.listRoomsOf(userId)).map((listed) => listed.room)).toEqual(rooms);
    });

    it("lists a user's rooms and roles, sorted by room name", async () => {
      const userId = randomUUID();
      const b = newRoom({ name: 'Beta', visibility: 'private' });
      const a = newRoom({ name: 'alpha', visibility: 'private' });
      const c = newRoom({ name: 'Gamma', visibility: 'private' });
      for (const room of [b, a, c]) await store.createRoom(room);
      await store.addMember(newMember(b.id, { userId, role: 'moderator' }));
      await store.addMember(newMember(a.id, { userId }));
      expect(await store.listRoomsOf(userId)).toEqual([
        { room: a, role: 'member' },
        { room: b, role: 'moderator' },
      ]);
      expect(await store.listRoomsOf('unknown')).toEqual([]);
    });

    it('returns the read positions that members were stored with, and absent ones', async () => {
      const room = newRoom();
      const owner = newMember(room.id, { role: 'owner', lastReadSeq: 0 });
      const [guest, earlier] = [newMember(room.id, { lastReadSeq: 7 }), newMember(room.id)];
      await store.createRoom(room, owner);
      await store.addMember(guest);
      await store.addMember(earlier);
      for (const member of [owner, guest, earlier]) {
        expect(await store.findMember(room.id, member.userId)).toEqual(member);
        const { role, lastReadSeq } = member;
        const listed = await store.listRoomsOf(member.userId);
        expect(listed).toEqual([{ room, role, ...(lastReadSeq !== undefined && { lastReadSeq }) }]);
      }
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual(
        expect.arrayContaining([owner, guest, earlier]),
      );
    });

    it('keeps the read position of a member whose role changes', async () => {
      const { room, owner, guest } = await roomWithGuest();
      await store.markRead(position(owner, 3));
      await store.markRead(position(guest, 4));
      await store.changeRole(guest, 'member', 'moderator');
      await store.handOver(room.id, owner.userId, guest.userId);
      expect(await positionsOf(owner, guest)).toEqual([3, 4]);
    });

    it('moves a read position forward with markRead, and returns the one that is stored', async () => {
      const { owner, guest } = await roomWithGuest();
      for (const member of [owner, guest]) {
        const read = (seq: number) => store.markRead(position(member, seq));
        expect(await read(0)).toEqual({ lastReadSeq: 0, moved: true });
        expect(await read(5)).toEqual({ lastReadSeq: 5, moved: true });
        expect(await read(5)).toEqual({ lastReadSeq: 5, moved: false });
        expect(await read(3)).toEqual({ lastReadSeq: 5, moved: false });
        expect(await positionsOf(member)).toEqual([5]);
      }
    });

    it('keeps the highest of 16 read positions that are marked concurrently', async () => {
      const { owner, guest } = await roomWithGuest();
      for (const member of [owner, guest]) {
        const outcomes = await Promise.all(
          Array.from({ length: 16 }, (_, n) => store.markRead(position(member, (n * 7) % 16))),
        );
        expect(await positionsOf(member)).toEqual([15]);
        expect(outcomes.filter((outcome) => outcome?.lastReadSeq === undefined)).toEqual([]);
      }
    });

    it('moves a read position backwards with markUnread', async () => {
      const { owner, guest } = await roomWithGuest();
      for (const member of [owner, guest]) {
        await store.markRead(position(member, 5));
        const unread = (seq: number) => store.markUnread(position(member, seq));
        expect(await unread(2)).toEqual({ lastReadSeq: 2, moved: true });
        expect(await unread(2)).toEqual({ lastReadSeq: 2, moved: false });
        expect(await unread(0)).toEqual({ lastReadSeq: 0, moved: true });
        expect(await unread(4)).toEqual({ lastReadSeq: 4, moved: true });
        expect(await positionsOf(member)).toEqual([4]);
      }
    });

    it('moves many read positions forward, and ignores users who are not members', async () => {
      const [first, second] = [await roomWithGuest(), await roomWithGuest()];
      await store.markRead(position(second.guest, 9));
      await store.markManyRead([]);
      await store.markManyRead([
        position(first.owner, 3),
        position(first.guest, 4),
        position(second.owner, 0),
        position(second.guest, 5),
        position(newMember(first.room.id), 6),
        position(newMember('no-such-room'), 7),
      ]);
      const { owner, guest } = first;
      expect(await positionsOf(owner, guest, second.owner, second.guest)).toEqual([3, 4, 0, 9]);
      expect(Object.keys(await rolesIn(first.room.id))).toHaveLength(2);
    });

    it('stores no read position of a user who is not a member, and none in a deleted room', async () => {
      const { room, owner, guest } = await roomWithGuest();
      const stranger = newMember(room.id);
      await store.removeMember(room.id, guest.userId);
      for (const outsider of [stranger, guest, newMember('no-such-room')]) {
        expect(await store.markRead(position(outsider, 1))).toBeUndefined();
        expect(await store.markUnread(position(outsider, 1))).toBeUndefined();
        expect(await positionsOf(outsider)).toEqual([undefined]);
      }
      await store.deleteRoom(room.id, TIMESTAMP);
      await store.markManyRead([position(owner, 1)]);
      expect(await store.markRead(position(owner, 1))).toBeUndefined();
      expect(await store.findMember(room.id, owner.userId)).toBeUndefined();
    });

    it('lists the read positions of several users in all their rooms', async () => {
      const [first, second, deleted] = [
        await roomWithGuest(),
        await roomWithGuest(),
        await roomWithGuest(),
      ];
      const { owner, guest } = first;
      await store.addMember(newMember(second.room.id, { userId: guest.userId, lastReadSeq: 7 }));
      await store.addMember(newMember(deleted.room.id, { userId: guest.userId, lastReadSeq: 8 }));
      await store.deleteRoom(deleted.room.id, TIMESTAMP);
      await store.markRead(position(owner, 3));
      const userIds = [owner.userId, guest.userId, deleted.owner.userId, randomUUID()];
      const listed = await store.listPositionsOf(userIds, 100);
      expect(listed.toSorted((a, b) => (a.lastReadSeq ?? 0) - (b.lastReadSeq ?? 0))).toEqual([
        { roomId: first.room.id, userId: guest.userId },
        { roomId: first.room.id, userId: owner.userId, lastReadSeq: 3 },
        { roomId: second.room.id, userId: guest.userId, lastReadSeq: 7 },
      ]);
    });

    it('lists no more read positions than the limit', async () => {
      const { owner, guest } = await roomWithGuest();
      const other = await roomWithGuest();
      const userIds = [owner, guest, other.owner, other.guest].map(({ userId }) => userId);
      for (const limit of [1, 2, 3, 4]) {
        expect(await store.listPositionsOf(userIds, limit)).toHaveLength(limit);
      }
      expect(await store.listPositionsOf([], 10)).toEqual([]);
    });

    it('gives a member who joins again the new read position', async () => {
      const { room, guest } = await roomWithGuest();
      await store.markRead(position(guest, 3));
      await store.removeMember(room.id, guest.userId);
      await store.addMember({ ...guest, lastReadSeq: 8 });
      expect(await positionsOf(guest)).toEqual([8]);
    });
  });
}
