import type { User } from '@chat/contracts';

/** Looks up the public profiles of users; rooms store ids only. */
export abstract class UserDirectory {
  /** Returns the users that exist, by id. */
  abstract publicUsers(ids: readonly string[]): Promise<Map<string, User>>;
  /** Returns the id of the oldest account; undefined if there is none. */
  abstract firstUserId(): Promise<string | undefined>;
}
