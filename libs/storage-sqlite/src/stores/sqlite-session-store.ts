import { SessionStore, type SessionRecord } from '@chat/users';
import type { SqliteConnection } from '../sqlite-connection.ts';

export class SqliteSessionStore extends SessionStore {
  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  insert(session: SessionRecord): Promise<void> {
    return this.connection.call('insertSession', session);
  }

  findByIds(ids: readonly string[], now: string): Promise<SessionRecord[]> {
    return this.connection.call('findSessions', ids, now);
  }

  rotate(
    id: string,
    fromGeneration: number,
    times: { readonly rotatedAt: string; readonly expiresAt: string },
  ): Promise<SessionRecord | undefined> {
    return this.connection.call('rotateSession', id, fromGeneration, times);
  }

  listByUser(userId: string, now: string): Promise<SessionRecord[]> {
    return this.connection.call('listSessions', userId, now);
  }

  delete(id: string): Promise<boolean> {
    return this.connection.call('deleteSession', id);
  }

  deleteExpired(now: string): Promise<number> {
    return this.connection.call('deleteExpiredSessions', now);
  }
}
