import { foldCase, UserStore, type InsertUserOutcome, type UserRecord } from '@chat/users';
import type { SqliteConnection } from '../sqlite-connection.ts';

export class SqliteUserStore extends UserStore {
  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  insert(user: UserRecord): Promise<InsertUserOutcome> {
    return this.connection.call('insertUser', user, {
      email: foldCase(user.email),
      username: foldCase(user.username),
      displayName: foldCase(user.displayName),
    });
  }

  findById(id: string): Promise<UserRecord | undefined> {
    return this.connection.call('findUserById', id);
  }

  findByIds(ids: readonly string[]): Promise<UserRecord[]> {
    return this.connection.call('findUsersByIds', ids);
  }

  firstId(): Promise<string | undefined> {
    return this.connection.call('firstUserId');
  }

  findByEmail(email: string): Promise<UserRecord | undefined> {
    return this.connection.call('findUserByEmail', foldCase(email));
  }

  search(query: string, limit: number): Promise<UserRecord[]> {
    return this.connection.call('searchUsers', foldCase(query), limit);
  }

  updateDisplayName(id: string, displayName: string): Promise<UserRecord | undefined> {
    return this.connection.call('updateDisplayName', id, displayName, foldCase(displayName));
  }
}
