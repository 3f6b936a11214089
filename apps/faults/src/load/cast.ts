import { Account } from './account.ts';
import { LibraryUser } from './library-user.ts';

const WRITERS = 6;
const LISTENERS = 2;
const LIBRARY_USERS = 3;

/** The users of every run on a topology. */
export interface Cast {
  readonly writers: readonly Account[];
  readonly listeners: readonly Account[];
  readonly libraryUsers: readonly LibraryUser[];
  readonly outsider: Account;
}

export async function registerCast(url: string): Promise<Cast> {
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
