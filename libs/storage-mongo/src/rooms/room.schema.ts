import type { RoomRecord } from '@chat/rooms';
import { Schema } from 'mongoose';
import type { MemberDocument } from './member.schema.ts';

/** A room as stored; keys are the case-folded name and topic, used by searches. */
export interface RoomDocument extends Omit<RoomRecord, 'id'> {
  readonly _id: string;
  readonly nameKey: string;
  readonly topicKey?: string;
  /**
   * When the room was deleted; ISO 8601, UTC. The document stays as a tombstone: it keeps
   * the id taken, and hides members that are still stored.
   */
  readonly deletedAt?: string;
  /**
   * The member that the room was created with, until that member leaves. It has no
   * document in the members collection: without a transaction only a single document
   * is written atomically, so that a crash leaves no room without its owner.
   */
  readonly firstMember?: Omit<MemberDocument, 'roomId'>;
  /** The change of the owner that is in progress. */
  readonly transfer?: OwnerTransfer;
  /** Number of the last change of the owner; absent before the first one. */
  readonly transfers?: number;
}

/** A recorded change of the owner of a room (`OwnerTransfers`). */
export interface OwnerTransfer {
  /** 1, 2, 3 … in each room. */
  readonly number: number;
  /** User id of the previous owner; absent if there was none. */
  readonly from?: string;
  /** User id of the new owner. */
  readonly to: string;
  /** When the new owner joined, which a membership after leaving the room does not share. */
  readonly joinedAt: string;
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
      type: new Schema(
        { userId: text, role: text, joinedAt: text, lastReadSeq: Number, transfer: Number },
        { _id: false },
      ),
    },
    transfer: {
      type: new Schema(
        { number: { type: Number, required: true }, from: String, to: text, joinedAt: text },
        { _id: false },
      ),
    },
    transfers: Number,
  },
  { collection: 'rooms', versionKey: false },
);
roomSchema.index({ visibility: 1, nameKey: 1 });
roomSchema.index({ 'firstMember.userId': 1 }, { sparse: true });
