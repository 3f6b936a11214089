import { Injectable } from '@nestjs/common';
import type { Identity } from '@chat/auth';
import type { OwnUser, UpdateMeRequest, User, UserSearchQuery } from '@chat/contracts';
import { NotFoundError, UnauthorizedError } from '@chat/platform/failures';
import { UserStore, type UserRecord } from './user-store.ts';
import { toOwnUser, toUser } from './user-views.ts';

/** Reads, searches and updates users. */
@Injectable()
export class Users {
  constructor(private readonly store: UserStore) {}

  async me({ userId }: Identity): Promise<OwnUser> {
    return toOwnUser(requireAccount(await this.store.findById(userId)));
  }

  async updateMe({ userId }: Identity, { displayName }: UpdateMeRequest): Promise<OwnUser> {
    return toOwnUser(requireAccount(await this.store.updateDisplayName(userId, displayName)));
  }

  /** Returns users whose username or display name starts with the query. */
  async search({ query, limit }: UserSearchQuery): Promise<User[]> {
    return (await this.store.search(query, limit)).map(toUser);
  }

  /** @throws NotFoundError */
  async publicUser(id: string): Promise<User> {
    const user = await this.store.findById(id);
    if (!user) throw new NotFoundError('User not found.');
    return toUser(user);
  }

  /** Returns the existing users among `ids`, in any order; for features that display users. */
  async publicUsers(ids: readonly string[]): Promise<User[]> {
    return (await this.store.findByIds(ids)).map(toUser);
  }

  /** Returns the id of the first account of the installation; undefined if there is none. */
  firstUserId(): Promise<string | undefined> {
    return this.store.firstId();
  }
}

/** Throws if the account is missing: a token may outlive its account. */
function requireAccount(user: UserRecord | undefined): UserRecord {
  if (!user) throw new UnauthorizedError('This account no longer exists.');
  return user;
}
