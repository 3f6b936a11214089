import type { Role, Room, RoomHead } from '@chat/contracts';
import { chunksOf } from '@chat/platform/collections';
import { Injectable } from '@nestjs/common';
import { RoomActivity } from './room-activity.ts';
import { MAX_POSITIONS_PER_CALL, RoomStore } from './room-store.ts';
import { toRoom } from './to-room.ts';

/** A room of a user, with its head and the position up to which the user has read it. */
export interface JoinedRoom {
  readonly room: Room;
  readonly role: Role;
  readonly head: RoomHead;
  /** Seq of the last message that counts as read; 0 if none does. */
  readonly lastReadSeq: number;
}

/** Returns how many messages follow a read position; deleted ones count too. */
export function unreadAfter(lastReadSeq: number, headSeq: number): number {
  return Math.max(0, headSeq - lastReadSeq);
}

/** Reads the positions up to which users have read their rooms. */
@Injectable()
export class ReadPositions {
  constructor(
    private readonly store: RoomStore,
    private readonly activity: RoomActivity,
  ) {}

  /**
   * Returns the rooms of a user, ordered by name. For a membership that an earlier version stored,
   * all present messages count as read, from the first call on.
   */
  async roomsOf(userId: string): Promise<JoinedRoom[]> {
    const listed = await this.store.listRoomsOf(userId);
    const heads = await this.activity.headsOf(listed.map(({ room }) => room.id));
    const headOf = (roomId: string) => heads.get(roomId) ?? { roomId, seq: 0, rev: 0 };
    const started = listed
      .filter(({ lastReadSeq }) => lastReadSeq === undefined)
      .map(({ room }) => ({ roomId: room.id, userId, lastReadSeq: headOf(room.id).seq }));
    for (const chunk of chunksOf(started, MAX_POSITIONS_PER_CALL)) {
      await this.store.markManyRead(chunk);
    }
    return listed.map(({ room, role, lastReadSeq }) => {
      const head = headOf(room.id);
      return { room: toRoom(room), role, head, lastReadSeq: lastReadSeq ?? head.seq };
    });
  }
}
