/** Port that returns whether sessions (the `sid` of an access token) are active. */
export abstract class SessionStatus {
  /** Returns whether the session is active; may use a cached result. */
  abstract isActive(sessionId: string): Promise<boolean>;
  /**
   * Returns those of the sessions that are active. Always queries the source, even if cached
   * results are fresh.
   *
   * @throws UnavailableError when the source is unavailable
   */
  abstract filterActive(sessionIds: readonly string[]): Promise<Set<string>>;
}
