import { Account } from './account.ts';
import { LibraryUser } from './library-user.ts';

const WRITERS = 6;
const LISTENERS = 2;
const LIBRARY_USERS = 3;

/** Users of all runs on one topology. */
export interface TestUsers {
  readonly writers: readonly Account[];
  readonly listeners: readonly Account[];
  readonly libraryUsers: readonly LibraryUser[];
  readonly outsider: Account;
}

/** Registers the users. */
export async function registerTestUsers(url: string): Promise<TestUsers> {
  const accounts = async (count: number, name: string) => {
    const made: Account[] = [];
    for (let n = 1; n <= count; n += 1) made.push(await Account.register(url, `${name}${n}`));
    return made;
  };
  const libraryUsers: LibraryUser[] = [];
  for (let n = 1; n <= LIBRARY_USERS; n += 1) {
    libraryUsers.push(await LibraryUser.register(url, `library${n}`));
  }
  return {
    writers: await accounts(WRITERS, 'writer'),
    listeners: await accounts(LISTENERS, 'listener'),
    libraryUsers,
    outsider: await Account.register(url, 'outsider'),
  };
}
