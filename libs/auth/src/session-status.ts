/** Port that returns whether sessions, named by the `sid` of an access token, are active. */
export abstract class SessionStatus {
  /** Returns whether the session is active; may use a cached result. */
  abstract isActive(sessionId: string): Promise<boolean>;
  /**
   * Queries the source for the active ones among the sessions, even if cached results are fresh.
   *
   * @throws UnavailableError when the source is unavailable
   */
  abstract recheck(sessionIds: readonly string[]): Promise<Set<string>>;
}
