import type { User } from '@chat/contracts';
import { UserDirectory } from '@chat/rooms';
import { Users } from '@chat/users';
import { Injectable } from '@nestjs/common';

/** Who is who, for rooms, in one process: a function call. */
@Injectable()
export class InProcessUserDirectory extends UserDirectory {
  constructor(private readonly users: Users) {
    super();
  }

  override async publicUsers(ids: readonly string[]): Promise<Map<string, User>> {
    const users = await this.users.publicUsers(ids);
    return new Map(users.map((user) => [user.id, user]));
  }
}
