/** A user as stored. Email and username keep their letter case as entered. */
export interface UserRecord {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly displayName: string;
  /** Argon2id hash in PHC string form. */
  readonly passwordHash: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Result of an insert: success, or the unique key that is taken; `email-taken` if both are. */
export type InsertUserOutcome = 'inserted' | 'email-taken' | 'username-taken';

/**
 * Stores users. Email and username are unique, ignoring case (compared by `foldCase`). The
 * store itself enforces this, so that two concurrent registrations cannot both succeed.
 */
export abstract class UserStore {
  /** The user is durable when this resolves with `inserted`. */
  abstract insert(user: UserRecord): Promise<InsertUserOutcome>;
  abstract findById(id: string): Promise<UserRecord | undefined>;
  /** Returns the existing users among `ids`, in any order. */
  abstract findByIds(ids: readonly string[]): Promise<UserRecord[]>;
  /** Returns the id of the oldest user by `createdAt`, then by id; undefined if there is none. */
  abstract firstId(): Promise<string | undefined>;
  abstract findByEmail(email: string): Promise<UserRecord | undefined>;
  /**
   * Returns users whose username or display name starts with `query`, ignoring case, sorted
   * by username.
   */
  abstract search(query: string, limit: number): Promise<UserRecord[]>;
  /** Returns undefined if the user does not exist. */
  abstract updateDisplayName(id: string, displayName: string): Promise<UserRecord | undefined>;
}

/** Normalizes an email or name for comparisons that ignore case. */
export function foldCase(value: string): string {
  return value.normalize('NFKC').toLowerCase();
}
