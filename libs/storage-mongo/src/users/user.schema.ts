import type { UserRecord } from '@chat/users';
import { Schema } from 'mongoose';

/** A user as stored; the `…Key` fields hold the case-folded values, used for comparisons. */
export interface UserDocument extends Omit<UserRecord, 'id'> {
  readonly _id: string;
  readonly emailKey: string;
  readonly usernameKey: string;
  readonly displayNameKey: string;
}

const text = { type: String, required: true } as const;

export const userSchema = new Schema<UserDocument>(
  {
    _id: text,
    email: text,
    emailKey: text,
    username: text,
    usernameKey: text,
    displayName: text,
    displayNameKey: text,
    passwordHash: text,
    createdAt: text,
  },
  { collection: 'users', versionKey: false },
);
userSchema.index({ emailKey: 1 }, { unique: true });
userSchema.index({ usernameKey: 1 }, { unique: true });
userSchema.index({ displayNameKey: 1 });
userSchema.index({ createdAt: 1, _id: 1 });
