import type { OwnUser } from '@chat/contracts';
import type { Unsubscribe } from '../emitter.ts';

/** A stored session. Times are milliseconds since the epoch by the local clock. */
export interface StoredSession {
  token: string;
  refreshToken: string;
  /** When the access token expires. */
  expiresAt: number;
  /** When to refresh it. */
  refreshAt: number;
  user: OwnUser;
}

/** Port: storage of the session. Several clients (tabs) may share one. */
export interface SessionStorage {
  /** Returns the stored session, or undefined when signed out. */
  load(): StoredSession | undefined;
  save(session: StoredSession): void;
  clear(): void;
  /** Calls `listener` after this client or another with the same storage changed the session. */
  onChange(listener: () => void): Unsubscribe;
}
