import type { SessionRecord } from '@chat/users';
import { Schema } from 'mongoose';

/** A session as stored. */
export interface SessionDocument extends Omit<SessionRecord, 'id' | 'expiresAt'> {
  readonly _id: string;
  /** A date, because a TTL index expires only dates. */
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
// Cleans up only: queries compare `expiresAt`, because MongoDB deletes expired documents late.
sessionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
