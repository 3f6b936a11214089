import type { MemberRecord } from '@chat/rooms';
import { Schema } from 'mongoose';

/** A member of a room, except its first member (`RoomDocument.firstMember`). */
export interface MemberDocument extends MemberRecord {
  /** Number of the last transfer of the room that changed the role (`OwnerTransfers`). */
  readonly transfer?: number;
}

const text = { type: String, required: true } as const;

export const memberSchema = new Schema<MemberDocument>(
  { roomId: text, userId: text, role: text, joinedAt: text, lastReadSeq: Number, transfer: Number },
  { collection: 'members', versionKey: false },
);
memberSchema.index({ roomId: 1, userId: 1 }, { unique: true });
memberSchema.index({ userId: 1 });
