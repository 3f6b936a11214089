/** User and session of a request or socket: the verified claims of its access token. */
export interface Identity {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  /** When the access token expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
}
