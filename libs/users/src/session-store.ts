/**
 * One signed-in browser or program: a family of refresh tokens, of which only
 * the number of the current one (`generation`) is stored.
 */
export interface SessionRecord {
  readonly id: string;
  readonly userId: string;
  /** Number of the refresh token that is valid now: 1, 2, 3 … */
  readonly generation: number;
  /** When `generation` was last raised (or the session began). ISO 8601, UTC. */
  readonly rotatedAt: string;
  readonly createdAt: string;
  /** The session ends then unless it is refreshed before. ISO 8601, UTC. */
  readonly expiresAt: string;
  readonly userAgent?: string;
}

export abstract class SessionStore {
  /** Durable when it resolves. */
  abstract insert(session: SessionRecord): Promise<void>;
  /** Those that are there and have not expired at `now`, in any order. */
  abstract findByIds(ids: readonly string[], now: string): Promise<SessionRecord[]>;
  /** Undefined for a session that never was, was deleted or has expired at `now`. */
  async find(id: string, now: string): Promise<SessionRecord | undefined> {
    const [session] = await this.findByIds([id], now);
    return session;
  }
  /**
   * Raises the generation from exactly `fromGeneration` by one, atomically.
   * Undefined if the session is gone, has expired at `rotatedAt` or is at another
   * generation: somebody else was first.
   */
  abstract rotate(
    id: string,
    fromGeneration: number,
    times: { readonly rotatedAt: string; readonly expiresAt: string },
  ): Promise<SessionRecord | undefined>;
  /** The user's sessions that have not expired at `now`, newest first. */
  abstract listByUser(userId: string, now: string): Promise<SessionRecord[]>;
  /** True if there was such a session. */
  abstract delete(id: string): Promise<boolean>;
  /** Removes what expired before `now`; the number removed. */
  abstract deleteExpired(now: string): Promise<number>;
}
