import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MemberRecord, RoomRecord, RoomStore } from '@chat/rooms';
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
      const owner = newMember(room.id, { role: 'owner' });
      expect(await store.addMember(owner)).toBe(true);
      expect(await store.addMember({ ...owner, role: 'member' })).toBe(false);
      expect(await store.findMember(room.id, owner.userId)).toEqual(owner);
      expect(await store.removeMember(room.id, owner.userId)).toBe(true);
      expect(await store.removeMember(room.id, owner.userId)).toBe(false);
      expect(await store.findMember(room.id, owner.userId)).toBeUndefined();
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
      const owner = newMember(room.id, { role: 'owner' });
      await store.createRoom(room, owner);
      expect(await store.removeMember(room.id, owner.userId)).toBe(true);
      expect(await store.createRoom(room, owner)).toBe(false);
      expect(await store.listMembers(room.id, { limit: 10 })).toEqual([]);
      expect(await store.listRoomsOf(owner.userId)).toEqual([]);
      expect(await store.addMember({ ...owner, role: 'member' })).toBe(true);
      expect((await store.findMember(room.id, owner.userId))?.role).toBe('member');
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
  });
}
