/** Whether a session, named by the `sid` of an access token, has not been ended. */
export abstract class SessionStatus {
  abstract isActive(sessionId: string): Promise<boolean>;
}
