import type { User } from '@chat/contracts';
import { UserDirectory } from '@chat/rooms';
import { Users } from '@chat/users';
import { Injectable } from '@nestjs/common';

/** UserDirectory that calls the users library in the same process. */
@Injectable()
export class InProcessUserDirectory extends UserDirectory {
  constructor(private readonly users: Users) {
    super();
  }

  override async publicUsers(ids: readonly string[]): Promise<Map<string, User>> {
    const users = await this.users.publicUsers(ids);
    return new Map(users.map((user) => [user.id, user]));
  }

  override firstUserId(): Promise<string | undefined> {
    return this.users.firstUserId();
  }
}
