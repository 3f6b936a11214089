import type { OwnUser, User } from '@chat/contracts';
import type { UserRecord } from './user-store.ts';

/** A user as others see them. */
export function toUser({ id, username, displayName, createdAt }: UserRecord): User {
  return { id, username, displayName, createdAt };
}

/** A user as they see themselves. */
export function toOwnUser(record: UserRecord): OwnUser {
  return { ...toUser(record), email: record.email };
}
