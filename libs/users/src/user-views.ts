import type { OwnUser, User } from '@chat/contracts';
import type { UserRecord } from './user-store.ts';

/** Returns the public view of a user, without the email. */
export function toUser({ id, username, displayName, createdAt }: UserRecord): User {
  return { id, username, displayName, createdAt };
}

/** Returns the view of a user for that user, with the email. */
export function toOwnUser(record: UserRecord): OwnUser {
  return { ...toUser(record), email: record.email };
}
