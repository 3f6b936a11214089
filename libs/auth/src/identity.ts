/** Who a request or socket speaks for: the verified claims of its access token. */
export interface Identity {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  /** When the access token expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
}
