/**
 * One signed-in browser or other client: a family of refresh tokens, of which only
 * the number of the current one (`generation`) is stored.
 */
export interface SessionRecord {
  readonly id: string;
  readonly userId: string;
  /** Number of the refresh token that is valid now: 1, 2, 3 … */
  readonly generation: number;
  /** When `generation` was last incremented (or the session began). ISO 8601, UTC. */
  readonly rotatedAt: string;
  readonly createdAt: string;
  /** When the session ends, unless it is refreshed earlier. ISO 8601, UTC. */
  readonly expiresAt: string;
  readonly userAgent?: string;
}

/** Stores sessions. */
export abstract class SessionStore {
  /** The session is durable when this resolves. */
  abstract insert(session: SessionRecord): Promise<void>;
  /** Returns the sessions that exist and have not expired at `now`, in any order. */
  abstract findByIds(ids: readonly string[], now: string): Promise<SessionRecord[]>;
  /** Returns undefined for a session that is unknown, was deleted or has expired at `now`. */
  async find(id: string, now: string): Promise<SessionRecord | undefined> {
    const [session] = await this.findByIds([id], now);
    return session;
  }
  /**
   * Increments the generation from exactly `fromGeneration`, atomically. Returns
   * undefined if the session does not exist, has expired at `rotatedAt` or is at a different
   * generation because of a concurrent rotation.
   */
  abstract rotate(
    id: string,
    fromGeneration: number,
    times: { readonly rotatedAt: string; readonly expiresAt: string },
  ): Promise<SessionRecord | undefined>;
  /** Returns the user's sessions that have not expired at `now`, newest first. */
  abstract listByUser(userId: string, now: string): Promise<SessionRecord[]>;
  /** Returns whether the session existed. */
  abstract delete(id: string): Promise<boolean>;
  /** Deletes sessions that expired at or before `now`; returns their number. */
  abstract deleteExpired(now: string): Promise<number>;
}
