import { Injectable } from '@nestjs/common';
import type { Identity } from '@chat/auth';
import type { OwnUser, UpdateMeRequest, User, UserSearchQuery } from '@chat/contracts';
import { NotFoundError, UnauthorizedError } from '@chat/platform';
import { UserStore, type UserRecord } from './user-store.ts';
import { toOwnUser, toUser } from './user-views.ts';

/** Who there is. */
@Injectable()
export class Users {
  constructor(private readonly store: UserStore) {}

  async me({ userId }: Identity): Promise<OwnUser> {
    return toOwnUser(present(await this.store.findById(userId)));
  }

  async updateMe({ userId }: Identity, { displayName }: UpdateMeRequest): Promise<OwnUser> {
    return toOwnUser(present(await this.store.updateDisplayName(userId, displayName)));
  }

  /** Users whose username or display name starts with the query. */
  async search({ query, limit }: UserSearchQuery): Promise<User[]> {
    return (await this.store.search(query, limit)).map(toUser);
  }

  /** @throws NotFoundError */
  async publicUser(id: string): Promise<User> {
    const user = await this.store.findById(id);
    if (!user) throw new NotFoundError('There is no such user.');
    return toUser(user);
  }

  /** Those of `ids` that exist, in no order; for features that show who somebody is. */
  async publicUsers(ids: readonly string[]): Promise<User[]> {
    return (await this.store.findByIds(ids)).map(toUser);
  }
}

/** A token may outlive its account. */
function present(user: UserRecord | undefined): UserRecord {
  if (!user) throw new UnauthorizedError('This account no longer exists.');
  return user;
}
