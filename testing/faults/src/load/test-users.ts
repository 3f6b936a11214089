import { TestUser } from './test-user.ts';
import { ClientLibraryUser } from './library-user.ts';

const WRITERS = 6;
const LISTENERS = 2;
const CLIENT_LIBRARY_USERS = 3;

/** Users that all runs on one topology share. */
export interface TestUsers {
  readonly writers: readonly TestUser[];
  readonly listeners: readonly TestUser[];
  readonly clientLibraryUsers: readonly ClientLibraryUser[];
  readonly nonMember: TestUser;
}

/** Registers the users. */
export async function registerTestUsers(url: string): Promise<TestUsers> {
  const register = async (count: number, name: string) => {
    const registered: TestUser[] = [];
    for (let n = 1; n <= count; n += 1)
      registered.push(await TestUser.register(url, `${name}${n}`));
    return registered;
  };
  const clientLibraryUsers: ClientLibraryUser[] = [];
  for (let n = 1; n <= CLIENT_LIBRARY_USERS; n += 1) {
    clientLibraryUsers.push(await ClientLibraryUser.register(url, `library${n}`));
  }
  return {
    writers: await register(WRITERS, 'writer'),
    listeners: await register(LISTENERS, 'listener'),
    clientLibraryUsers,
    nonMember: await TestUser.register(url, 'nonmember'),
  };
}
