import type { OwnUser } from '@chat/contracts';
import type { Unsubscribe } from './emitter.ts';

/** What a signed-in client keeps. Times are milliseconds since the epoch, by this machine's clock. */
export interface StoredSession {
  token: string;
  refreshToken: string;
  /** When the access token expires. */
  expiresAt: number;
  /** When to refresh it. */
  refreshAt: number;
  user: OwnUser;
}

/** Port: where the session is kept. Several clients (tabs) may share one. */
export interface SessionStorage {
  /** The session that is kept, or undefined when nobody is signed in. */
  load(): StoredSession | undefined;
  save(session: StoredSession): void;
  clear(): void;
  /** Calls `listener` after the session was changed, by this client or by another that shares it. */
  onChange(listener: () => void): Unsubscribe;
}
