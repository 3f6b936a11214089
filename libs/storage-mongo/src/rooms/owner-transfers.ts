import type { Model } from 'mongoose';
import type { MemberDocument } from './member.schema.ts';
import type { OwnerTransfer, RoomDocument } from './room.schema.ts';

/** Condition for a room that was not deleted. */
export const NOT_DELETED = { deletedAt: { $exists: false } };

type StoredMember = Omit<MemberDocument, 'roomId'>;

/**
 * Changes the owner of a room without a transaction. The room's document records the transfer by
 * compare-and-set before any role changes, and a room has at most one at a time. Its steps:
 *
 * 1. the new owner becomes owner, if still the same member;
 * 2. the previous owner becomes a moderator;
 * 3. the record is deleted.
 *
 * A crash before the last step leaves at least one owner, and any process completes the steps.
 * Several may do so at the same time, even much later: every member keeps the number of the last
 * transfer that changed the role, so that no step has an effect twice.
 */
export class OwnerTransfers {
  constructor(
    private readonly rooms: Model<RoomDocument>,
    private readonly members: Model<MemberDocument>,
  ) {}

  /**
   * Makes a member the owner.
   *
   * @param from the owner, who becomes a moderator; undefined for a room without an owner
   * @returns false if `from` is not the owner, or `to` is not another member
   */
  async transfer(roomId: string, from: string | undefined, to: string): Promise<boolean> {
    for (;;) {
      const room = await this.settledRoom(roomId);
      const heir = room && (await this.#find(room, to));
      if (!heir || to === from || !(await this.#isOwner(room, from))) return false;
      const number = (room.transfers ?? 0) + 1;
      const { joinedAt } = heir;
      const transfer = { number, to, joinedAt, ...(from !== undefined && { from }) };
      const recorded = await this.rooms.updateOne(
        { _id: roomId, ...NOT_DELETED, transfers: room.transfers ?? { $exists: false } },
        { $set: { transfer, transfers: number } },
      );
      if (recorded.matchedCount > 0) return this.complete(roomId, transfer);
      // Another transfer was recorded, or the room was deleted, since the room was read.
    }
  }

  /** Returns the room once no transfer is pending; undefined if it does not exist. */
  async settledRoom(roomId: string): Promise<RoomDocument | undefined> {
    for (;;) {
      const room = await this.rooms.findOne({ _id: roomId, ...NOT_DELETED }).lean<RoomDocument>();
      if (!room?.transfer) return room ?? undefined;
      await this.complete(roomId, room.transfer);
    }
  }

  /** Completes a recorded transfer; returns false if the new owner had left before. */
  async complete(roomId: string, transfer: OwnerTransfer): Promise<boolean> {
    const { number, from, to, joinedAt } = transfer;
    await this.#setRole(roomId, { userId: to, joinedAt }, 'owner', number);
    const room = await this.rooms.findOne({ _id: roomId, ...NOT_DELETED }).lean<RoomDocument>();
    const heir = room && (await this.#find(room, to));
    const isOwner = (heir?.transfer ?? 0) >= number;
    if (isOwner && from !== undefined) {
      await this.#setRole(roomId, { userId: from, role: 'owner' }, 'moderator', number);
    }
    await this.rooms.updateOne(
      { _id: roomId, 'transfer.number': number },
      { $unset: { transfer: 1 } },
    );
    return isOwner;
  }

  /** Sets the role of a member with the given values, unless this or a later transfer did. */
  async #setRole(
    roomId: string,
    member: Readonly<Record<string, string>>,
    role: 'owner' | 'moderator',
    number: number,
  ): Promise<void> {
    const first = Object.fromEntries(
      Object.entries(member).map(([key, value]): [string, string] => [`firstMember.${key}`, value]),
    );
    await Promise.all([
      this.rooms.updateOne(
        { _id: roomId, ...first, ...isBefore('firstMember.transfer', number) },
        { $set: { 'firstMember.role': role, 'firstMember.transfer': number } },
      ),
      this.members.updateOne(
        { roomId, ...member, ...isBefore('transfer', number) },
        { $set: { role, transfer: number } },
      ),
    ]);
  }

  async #find(room: RoomDocument, userId: string): Promise<StoredMember | undefined> {
    if (room.firstMember?.userId === userId) return room.firstMember;
    return (await this.members.findOne({ roomId: room._id, userId }).lean()) ?? undefined;
  }

  /** Returns whether the user is the owner; for undefined, whether there is none. */
  async #isOwner(room: RoomDocument, userId: string | undefined): Promise<boolean> {
    if (userId !== undefined) return (await this.#find(room, userId))?.role === 'owner';
    if (room.firstMember?.role === 'owner') return false;
    return (await this.members.findOne({ roomId: room._id, role: 'owner' }).lean()) === null;
  }
}

function isBefore(field: string, number: number): object {
  return { $or: [{ [field]: { $exists: false } }, { [field]: { $lt: number } }] };
}
