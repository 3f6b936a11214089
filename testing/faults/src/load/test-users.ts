import { Account } from './account.ts';
import { ClientLibraryUser } from './library-user.ts';

const WRITERS = 6;
const LISTENERS = 2;
const CLIENT_LIBRARY_USERS = 3;

/** Users that all runs on one topology share. */
export interface TestUsers {
  readonly writers: readonly Account[];
  readonly listeners: readonly Account[];
  readonly clientLibraryUsers: readonly ClientLibraryUser[];
  readonly nonMember: Account;
}

/** Registers the users. */
export async function registerTestUsers(url: string): Promise<TestUsers> {
  const accounts = async (count: number, name: string) => {
    const registered: Account[] = [];
    for (let n = 1; n <= count; n += 1) registered.push(await Account.register(url, `${name}${n}`));
    return registered;
  };
  const clientLibraryUsers: ClientLibraryUser[] = [];
  for (let n = 1; n <= CLIENT_LIBRARY_USERS; n += 1) {
    clientLibraryUsers.push(await ClientLibraryUser.register(url, `library${n}`));
  }
  return {
    writers: await accounts(WRITERS, 'writer'),
    listeners: await accounts(LISTENERS, 'listener'),
    clientLibraryUsers,
    nonMember: await Account.register(url, 'nonmember'),
  };
}
