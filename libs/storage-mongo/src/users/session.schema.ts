import type { SessionRecord } from '@chat/users';
import { Schema } from 'mongoose';

/** A session as stored. */
export interface SessionDocument extends Omit<SessionRecord, 'id' | 'expiresAt'> {
  readonly _id: string;
  /** As a date, because only dates expire by an index. */
  readonly expiresAt: Date;
}

const text = { type: String, required: true } as const;

export const sessionSchema = new Schema<SessionDocument>(
  {
    _id: text,
    userId: text,
    generation: { type: Number, required: true },
    rotatedAt: text,
    createdAt: text,
    expiresAt: { type: Date, required: true },
    userAgent: String,
  },
  { collection: 'sessions', versionKey: false },
);
sessionSchema.index({ userId: 1 });
// Tidies up; whether a session has expired is never concluded from its being there.
sessionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
