import type { Message } from '@chat/contracts';
import { Schema } from 'mongoose';

/** A message as stored. */
export interface MessageDocument extends Omit<Message, 'id'> {
  readonly _id: string;
}

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;

export const messageSchema = new Schema<MessageDocument>(
  {
    _id: text,
    roomId: text,
    seq: number,
    rev: number,
    userId: text,
    username: text,
    text,
    timestamp: text,
    clientMessageId: String,
  },
  { collection: 'messages', versionKey: false },
);
messageSchema.index({ roomId: 1, seq: 1 }, { unique: true });
messageSchema.index({ roomId: 1, rev: 1 }, { unique: true });
