/** A user as stored. E-mail and username keep the case they were given in. */
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

/** What became of an insert: which unique key was taken, if one was; the e-mail if both were. */
export type InsertUserOutcome = 'inserted' | 'email-taken' | 'username-taken';

/**
 * Users. E-mail and username are unique without regard to case (compared by
 * `foldCase`), which the store itself enforces, so that two racing
 * registrations cannot both succeed.
 */
export abstract class UserStore {
  /** Durable when it resolves with `inserted`. */
  abstract insert(user: UserRecord): Promise<InsertUserOutcome>;
  abstract findById(id: string): Promise<UserRecord | undefined>;
  /** Users that exist among `ids`, in no order. */
  abstract findByIds(ids: readonly string[]): Promise<UserRecord[]>;
  abstract findByEmail(email: string): Promise<UserRecord | undefined>;
  /** Users whose username or display name starts with `query`, without regard to case, by username. */
  abstract search(query: string, limit: number): Promise<UserRecord[]>;
  /** Undefined if there is no such user. */
  abstract updateDisplayName(id: string, displayName: string): Promise<UserRecord | undefined>;
}

/** The form in which e-mails, usernames and display names are compared. */
export function foldCase(value: string): string {
  return value.normalize('NFKC').toLowerCase();
}
