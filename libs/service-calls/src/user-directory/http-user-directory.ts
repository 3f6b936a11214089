import type { User } from '@chat/contracts';
import { UserDirectory } from '@chat/rooms';
import type { ServiceClient } from '../service-client.ts';
import { FIRST_USER_CALL, PUBLIC_USERS_CALL } from './user-directory-calls.ts';

/** UserDirectory that calls the `users` service. */
export class HttpUserDirectory extends UserDirectory {
  constructor(private readonly users: ServiceClient) {
    super();
  }

  async publicUsers(ids: readonly string[]): Promise<Map<string, User>> {
    const { path, response } = PUBLIC_USERS_CALL;
    const { users } = await this.users.call(path, { ids }, response);
    return new Map(users.map((user) => [user.id, user]));
  }

  async firstUserId(): Promise<string | undefined> {
    const { path, response } = FIRST_USER_CALL;
    return (await this.users.call(path, {}, response)).userId ?? undefined;
  }
}
