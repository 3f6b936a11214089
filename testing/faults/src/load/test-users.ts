import { Account } from './account.ts';
import { LibraryUser } from './library-user.ts';

const WRITERS = 6;
const LISTENERS = 2;
const LIBRARY_USERS = 3;

/** Users that all runs on one topology share. */
export interface TestUsers {
  readonly writers: readonly Account[];
  readonly listeners: readonly Account[];
  readonly libraryUsers: readonly LibraryUser[];
  readonly nonMember: Account;
}

/** Registers the users. */
export async function registerTestUsers(url: string): Promise<TestUsers> {
  const accounts = async (count: number, name: string) => {
    const registered: Account[] = [];
    for (let n = 1; n <= count; n += 1) registered.push(await Account.register(url, `${name}${n}`));
    return registered;
  };
  const libraryUsers: LibraryUser[] = [];
  for (let n = 1; n <= LIBRARY_USERS; n += 1) {
    libraryUsers.push(await LibraryUser.register(url, `library${n}`));
  }
  return {
    writers: await accounts(WRITERS, 'writer'),
    listeners: await accounts(LISTENERS, 'listener'),
    libraryUsers,
    nonMember: await Account.register(url, 'nonmember'),
  };
}
