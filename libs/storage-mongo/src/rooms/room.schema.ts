import type { MemberRecord, RoomRecord } from '@chat/rooms';
import { Schema } from 'mongoose';

/** A room as stored; keys are the forms in which its name and topic are searched. */
export interface RoomDocument extends Omit<RoomRecord, 'id'> {
  readonly _id: string;
  readonly nameKey: string;
  readonly topicKey?: string;
  /**
   * Of a room that was deleted. Its document stays and keeps the id taken, and
   * hides members who are still stored; ISO 8601, UTC.
   */
  readonly deletedAt?: string;
  /**
   * Who was in the room first, for as long as they are in it. They have no
   * document among the members: one document is what is written whole or not at
   * all without a transaction, so that a crash leaves no room without its owner.
   */
  readonly firstMember?: Omit<MemberRecord, 'roomId'>;
}

const text = { type: String, required: true } as const;

export const roomSchema = new Schema<RoomDocument>(
  {
    _id: text,
    name: text,
    nameKey: text,
    visibility: text,
    topic: String,
    topicKey: String,
    createdBy: String,
    createdAt: text,
    deletedAt: String,
    firstMember: {
      type: new Schema({ userId: text, role: text, joinedAt: text }, { _id: false }),
    },
  },
  { collection: 'rooms', versionKey: false },
);
roomSchema.index({ visibility: 1, nameKey: 1 });
roomSchema.index({ 'firstMember.userId': 1 }, { sparse: true });
