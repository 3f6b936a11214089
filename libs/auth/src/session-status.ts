/** Whether a session, named by the `sid` of an access token, has not been ended. */
export abstract class SessionStatus {
  abstract isActive(sessionId: string): Promise<boolean>;
  /** Those of the sessions that are active, asked anew. @throws UnavailableError when nobody can say */
  abstract recheck(sessionIds: readonly string[]): Promise<Set<string>>;
}
