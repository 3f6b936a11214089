import {
  RoomStore,
  type AssignableRole,
  type MemberRecord,
  type Membership,
  type MovedPosition,
  type ReadPosition,
  type RoomChanges,
  type RoomOfUser,
  type RoomRecord,
  type StoredPosition,
} from '@chat/rooms';
import { foldCase } from '@chat/users';
import { Logger } from '@nestjs/common';
import type { Model, UpdateQuery } from 'mongoose';
import { isDuplicateKey, translateErrors } from '../mongo-failure.ts';
import type { MemberDocument } from './member.schema.ts';
import type { RoomDocument } from './room.schema.ts';
import { containing } from './containing.ts';
import { NOT_DELETED, OwnerTransfers } from './owner-transfers.ts';

/** Options of a bulk write whose operations are independent of each other. */
const UNORDERED = { ordered: false } as const;
/** Projection of the first member of a room, and of when the room was deleted. */
const ROOM_STATE = { firstMember: 1, deletedAt: 1 };

export class MongoRoomStore extends RoomStore {
  readonly #logger = new Logger('MongoDB');
  readonly #transfers: OwnerTransfers;

  constructor(
    private readonly rooms: Model<RoomDocument>,
    private readonly members: Model<MemberDocument>,
  ) {
    super();
    this.#transfers = new OwnerTransfers(rooms, members);
  }

  createRoom({ id, ...room }: RoomRecord, firstMember?: MemberRecord): Promise<boolean> {
    const document: RoomDocument = {
      _id: id,
      ...room,
      ...keysOf(room),
      nameKey: foldCase(room.name),
      ...(firstMember && { firstMember: toEmbedded(firstMember) }),
    };
    return translateErrors(() => isInserted(this.rooms.insertMany([document], { lean: true })));
  }

  findRoom(roomId: string): Promise<RoomRecord | undefined> {
    return translateErrors(async () => {
      const room = await this.rooms.findOne({ _id: roomId, ...NOT_DELETED }).lean();
      if (room?.transfer) await this.#transfers.complete(roomId, room.transfer);
      return toRoom(room);
    });
  }

  updateRoom(roomId: string, changes: RoomChanges): Promise<RoomRecord | undefined> {
    const set = { ...changes, ...keysOf(changes) };
    if (Object.keys(set).length === 0) return this.findRoom(roomId);
    return translateErrors(async () =>
      toRoom(
        await this.rooms
          .findOneAndUpdate(
            { _id: roomId, ...NOT_DELETED },
            { $set: set },
            { returnDocument: 'after' },
          )
          .lean(),
      ),
    );
  }

  /**
   * Marks the room as deleted, then deletes its members. The first write is atomic and
   * decides the outcome; members that the second one misses, because of a crash or because
   * they are added concurrently, are hidden.
   */
  deleteRoom(roomId: string, deletedAt: string): Promise<boolean> {
    return translateErrors(async () => {
      const deleted = await this.rooms.updateOne(
        { _id: roomId, ...NOT_DELETED },
        { $set: { deletedAt }, $unset: { firstMember: 1, transfer: 1 } },
      );
      if (deleted.modifiedCount === 0) return false;
      await this.members.deleteMany({ roomId }).catch((error: unknown) => {
        this.#logger.warn({ err: error, roomId }, 'deleting the members of a deleted room failed');
      });
      return true;
    });
  }

  findDeleted(roomIds: readonly string[]): Promise<Set<string>> {
    return translateErrors(async () => {
      const deleted = await this.rooms
        .find({ _id: { $in: roomIds }, deletedAt: { $exists: true } }, { _id: 1 })
        .lean();
      return new Set(deleted.map(({ _id }) => _id));
    });
  }

  findPublicRooms(query: string | undefined, limit: number): Promise<RoomRecord[]> {
    const condition = query ? containing(foldCase(query)) : undefined;
    return translateErrors(async () => {
      const found = await this.rooms
        .find({
          visibility: 'public',
          ...NOT_DELETED,
          ...(condition && { $or: [{ nameKey: condition }, { topicKey: condition }] }),
        })
        .sort({ nameKey: 1 })
        .limit(limit)
        .lean();
      return found.map(toKnownRoom);
    });
  }

  addMember(member: MemberRecord): Promise<boolean> {
    const { roomId, userId } = member;
    return translateErrors(async () => {
      const { deleted, first } = await this.#stateOf(roomId);
      if (deleted || first?.userId === userId) return false;
      return isInserted(this.members.insertMany([toMember(member)], { lean: true }));
    });
  }

  removeMember(roomId: string, userId: string): Promise<boolean> {
    return translateErrors(async () => {
      const [first, later] = await Promise.all([
        this.rooms.updateOne(
          { _id: roomId, 'firstMember.userId': userId, 'firstMember.role': { $ne: 'owner' } },
          { $unset: { firstMember: 1 } },
        ),
        this.members.deleteOne({ roomId, userId, role: { $ne: 'owner' } }),
      ]);
      return first.modifiedCount + later.deletedCount > 0;
    });
  }

  changeRole(
    { roomId, userId }: Membership,
    from: AssignableRole,
    to: AssignableRole,
  ): Promise<boolean> {
    return translateErrors(async () => {
      if (!(await this.#transfers.settledRoom(roomId))) return false;
      const [first, later] = await Promise.all([
        this.rooms.updateOne(
          { _id: roomId, 'firstMember.userId': userId, 'firstMember.role': from },
          { $set: { 'firstMember.role': to } },
        ),
        this.members.updateOne({ roomId, userId, role: from }, { $set: { role: to } }),
      ]);
      return first.matchedCount + later.matchedCount > 0;
    });
  }

  handOver(roomId: string, from: string, to: string): Promise<boolean> {
    return translateErrors(() => this.#transfers.transfer(roomId, from, to));
  }

  appointOwner(roomId: string, userId: string): Promise<boolean> {
    return translateErrors(() => this.#transfers.transfer(roomId, undefined, userId));
  }

  findMembers(memberships: readonly Membership[]): Promise<MemberRecord[]> {
    if (memberships.length === 0) return Promise.resolve([]);
    const userIds = new Map<string, Set<string>>();
    for (const { roomId, userId } of memberships) {
      userIds.set(roomId, (userIds.get(roomId) ?? new Set()).add(userId));
    }
    const requested = [...userIds].map(([roomId, ids]) => ({ roomId, userId: { $in: [...ids] } }));
    return translateErrors(async () => {
      const [rooms, later] = await Promise.all([
        this.rooms.find({ _id: { $in: [...userIds.keys()] } }, ROOM_STATE).lean(),
        this.members.find({ $or: requested }).lean(),
      ]);
      const deleted = new Set(rooms.filter(isDeleted).map(({ _id }) => _id));
      const first = rooms.flatMap((room) => firstOf(room) ?? []);
      return [
        ...first.filter(({ roomId, userId }) => userIds.get(roomId)?.has(userId)),
        ...later.filter(({ roomId }) => !deleted.has(roomId)).map(toMember),
      ];
    });
  }

  listMembers(
    roomId: string,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<MemberRecord[]> {
    return translateErrors(async () => {
      const [{ deleted, first }, later] = await Promise.all([
        this.#stateOf(roomId),
        this.members
          .find({ roomId, userId: { $gt: after } })
          .sort({ userId: 1 })
          .limit(limit)
          .lean(),
      ]);
      if (deleted) return [];
      const members = later.map(toMember);
      if (first && first.userId > after) members.push(first);
      return members.toSorted((a, b) => compare(a.userId, b.userId)).slice(0, limit);
    });
  }

  listRoomsOf(userId: string): Promise<RoomOfUser[]> {
    return translateErrors(async () => {
      const memberships = await this.members.find({ userId }).lean();
      const later = new Map(memberships.map((member) => [member.roomId, member]));
      const rooms = await this.rooms
        .find({
          ...NOT_DELETED,
          $or: [{ _id: { $in: [...later.keys()] } }, { 'firstMember.userId': userId }],
        })
        .lean();
      return rooms
        .toSorted((a, b) => compare(a.nameKey, b.nameKey) || compare(a._id, b._id))
        .flatMap((room) => {
          const first = room.firstMember;
          const member = first?.userId === userId ? first : later.get(room._id);
          if (!member) return [];
          return [{ room: toKnownRoom(room), role: member.role, ...readPositionOf(member) }];
        });
    });
  }

  listPositionsOf(userIds: readonly string[], limit: number): Promise<StoredPosition[]> {
    return translateErrors(async () => {
      const [rooms, later] = await Promise.all([
        this.rooms
          .find({ 'firstMember.userId': { $in: userIds }, ...NOT_DELETED }, { firstMember: 1 })
          .limit(limit)
          .lean(),
        this.#laterMembersOf(userIds, limit),
      ]);
      const members = [...rooms.flatMap((room) => firstOf(room) ?? []), ...later];
      return members.slice(0, limit).map((member) => ({
        roomId: member.roomId,
        userId: member.userId,
        ...readPositionOf(member),
      }));
    });
  }

  markRead(position: ReadPosition): Promise<MovedPosition | undefined> {
    return this.#movePosition(position, '$max');
  }

  markUnread(position: ReadPosition): Promise<MovedPosition | undefined> {
    return this.#movePosition(position, '$set');
  }

  markManyRead(positions: readonly ReadPosition[]): Promise<void> {
    if (positions.length === 0) return Promise.resolve();
    return translateErrors(async () => {
      const roomIds = [...new Set(positions.map(({ roomId }) => roomId))];
      const rooms = await this.rooms.find({ _id: { $in: roomIds } }, { firstMember: 1 }).lean();
      const firsts = new Map(rooms.map(({ _id, firstMember }) => [_id, firstMember?.userId]));
      const isFirst = ({ roomId, userId }: ReadPosition) => firsts.get(roomId) === userId;
      await Promise.all([
        this.rooms.bulkWrite(positions.filter(isFirst).map(firstPositionUpdate), UNORDERED),
        this.members.bulkWrite(
          positions.filter((position) => !isFirst(position)).map(positionUpdate),
          UNORDERED,
        ),
      ]);
    });
  }

  #movePosition(
    { roomId, userId, lastReadSeq }: ReadPosition,
    operator: '$max' | '$set',
  ): Promise<MovedPosition | undefined> {
    return translateErrors(async () => {
      const { deleted, first } = await this.#stateOf(roomId);
      if (deleted) return undefined;
      const before =
        first?.userId === userId
          ? await this.#firstBefore(roomId, userId, {
              [operator]: { 'firstMember.lastReadSeq': lastReadSeq },
            })
          : await this.members
              .findOneAndUpdate({ roomId, userId }, { [operator]: { lastReadSeq } })
              .lean();
      if (!before) return undefined;
      const after =
        operator === '$max' ? Math.max(before.lastReadSeq ?? 0, lastReadSeq) : lastReadSeq;
      return { lastReadSeq: after, moved: after !== before.lastReadSeq };
    });
  }

  /** Updates the first member of a room, and returns that member as before. */
  async #firstBefore(
    roomId: string,
    userId: string,
    update: UpdateQuery<RoomDocument>,
  ): Promise<MemberRecord | undefined> {
    const room = await this.rooms
      .findOneAndUpdate({ _id: roomId, 'firstMember.userId': userId }, update)
      .lean();
    return room ? firstOf(room) : undefined;
  }

  /** Returns `limit` memberships in rooms that are not deleted, or all if there are fewer. */
  async #laterMembersOf(userIds: readonly string[], limit: number): Promise<StoredPosition[]> {
    const hidden: string[] = [];
    for (;;) {
      const found = await this.members
        .find(
          { userId: { $in: userIds }, ...(hidden.length > 0 && { roomId: { $nin: hidden } }) },
          { roomId: 1, userId: 1, lastReadSeq: 1 },
        )
        .limit(limit)
        .lean();
      const deleted = await this.findDeleted([...new Set(found.map(({ roomId }) => roomId))]);
      if (deleted.size === 0 || found.length < limit) {
        return found.filter(({ roomId }) => !deleted.has(roomId));
      }
      hidden.push(...deleted);
    }
  }

  /** Returns whether the room was deleted, and its first member unless that member has left. */
  async #stateOf(roomId: string): Promise<{ deleted: boolean; first?: MemberRecord }> {
    const room = await this.rooms.findById(roomId, ROOM_STATE).lean();
    const first = room && firstOf(room);
    return { deleted: room !== null && isDeleted(room), ...(first && { first }) };
  }
}

function firstPositionUpdate({ roomId, userId, lastReadSeq }: ReadPosition) {
  return {
    updateOne: {
      filter: { _id: roomId, 'firstMember.userId': userId },
      update: { $max: { 'firstMember.lastReadSeq': lastReadSeq } },
    },
  };
}

function positionUpdate({ roomId, userId, lastReadSeq }: ReadPosition) {
  return { updateOne: { filter: { roomId, userId }, update: { $max: { lastReadSeq } } } };
}

function isDeleted({ deletedAt }: Pick<RoomDocument, 'deletedAt'>): boolean {
  return deletedAt !== undefined;
}

function firstOf({
  _id: roomId,
  firstMember,
}: Pick<RoomDocument, '_id' | 'firstMember'>): MemberRecord | undefined {
  return firstMember && toMember({ roomId, ...firstMember });
}

/** Awaits an insert; returns false if a unique index rejects it. */
async function isInserted(insert: Promise<unknown>): Promise<boolean> {
  try {
    await insert;
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

function keysOf({ name, topic }: RoomChanges): { nameKey?: string; topicKey?: string } {
  return {
    ...(name === undefined ? {} : { nameKey: foldCase(name) }),
    ...(topic === undefined ? {} : { topicKey: foldCase(topic) }),
  };
}

function toEmbedded(member: MemberRecord): Omit<MemberRecord, 'roomId'> {
  const { userId, role, joinedAt } = member;
  return { userId, role, joinedAt, ...readPositionOf(member) };
}

function toRoom(document: RoomDocument | null): RoomRecord | undefined {
  return document ? toKnownRoom(document) : undefined;
}

function toKnownRoom(document: RoomDocument): RoomRecord {
  const { _id: id, name, visibility, topic, createdBy, createdAt } = document;
  return {
    id,
    name,
    visibility,
    ...(topic === undefined ? {} : { topic }),
    ...(createdBy === undefined ? {} : { createdBy }),
    createdAt,
  };
}

function toMember(member: MemberRecord): MemberRecord {
  const { roomId, userId, role, joinedAt } = member;
  return { roomId, userId, role, joinedAt, ...readPositionOf(member) };
}

function readPositionOf({ lastReadSeq }: Pick<MemberRecord, 'lastReadSeq'>): {
  lastReadSeq?: number;
} {
  return lastReadSeq === undefined ? {} : { lastReadSeq };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
