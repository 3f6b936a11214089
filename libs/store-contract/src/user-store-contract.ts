import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UserRecord, UserStore } from '@chat/users';
import { SPECIAL_IDS } from './special-ids.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

function newUser(overrides: Partial<UserRecord> = {}): UserRecord {
  const id = overrides.id ?? randomUUID();
  return {
    id,
    email: `${id}@example.com`,
    username: `user-${id}`,
    displayName: `User ${id}`,
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    createdAt: '2026-01-02T03:04:05.678Z',
    ...overrides,
  };
}

/** Registers the tests that every UserStore must pass. */
export function describeUserStore(name: string, open: OpenStore<UserStore>): void {
  describe(`${name}UserStore`, () => {
    let opened: OpenedStore<UserStore>;
    let store: UserStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    it('returns an inserted user with its case unchanged, and finds it by email in any case', async () => {
      const ada = newUser({
        email: 'Ada.L@Example.com',
        username: 'Ada',
        displayName: 'Ada 🌊 Łucz',
      });
      expect(await store.insert(ada)).toBe('inserted');
      expect(await store.findById(ada.id)).toEqual(ada);
      expect(await store.findByEmail('ADA.l@example.COM')).toEqual(ada);
    });

    it('does not find or update unknown users', async () => {
      expect(await store.findById('unknown')).toBeUndefined();
      expect(await store.findByEmail('unknown@example.com')).toBeUndefined();
      expect(await store.updateDisplayName('unknown', 'Any name')).toBeUndefined();
    });

    it('returns the id of the oldest user, and the lowest id of several', async () => {
      const empty = await open();
      try {
        expect(await empty.store.firstId()).toBeUndefined();
        const [later, oldest] = ['2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z'];
        await empty.store.insert(newUser({ id: 'a', createdAt: later }));
        expect(await empty.store.firstId()).toBe('a');
        await empty.store.insert(newUser({ id: 'c', createdAt: oldest }));
        await empty.store.insert(newUser({ id: 'b', createdAt: oldest }));
        expect(await empty.store.firstId()).toBe('b');
      } finally {
        await empty.close();
      }
    });

    it('accepts each email and username once, ignoring case', async () => {
      const grace = newUser({ email: 'grace@example.com', username: 'Grace' });
      expect(await store.insert(grace)).toBe('inserted');
      expect(await store.insert(newUser({ email: 'GRACE@EXAMPLE.COM' }))).toBe('email-taken');
      expect(await store.insert(newUser({ username: 'gRACE' }))).toBe('username-taken');
      expect(await store.insert(newUser({ username: 'Straße' }))).toBe('inserted');
      expect(await store.insert(newUser({ username: 'ＧＲＡＣＥ' }))).toBe('username-taken');
    });

    it('returns email-taken when email and username are both taken, and stores nothing', async () => {
      const [first, second] = [newUser(), newUser()];
      await store.insert(first);
      await store.insert(second);
      for (const { username } of [first, second]) {
        const late = newUser({ email: first.email.toUpperCase(), username });
        expect(await store.insert(late)).toBe('email-taken');
        expect(await store.findById(late.id)).toBeUndefined();
      }
    });

    it.each(SPECIAL_IDS)('stores %p literally as an id and as a name', async (text) => {
      const user = newUser({ id: text, email: text, username: text, displayName: text });
      expect(await store.insert(user)).toBe('inserted');
      expect(await store.findById(text)).toEqual(user);
      expect(await store.findByEmail(text)).toEqual(user);
      expect(await store.findByIds([text])).toEqual([user]);
    });

    it.each(['email', 'username'] as const)(
      'lets one of 10 concurrent inserts of the same %s succeed',
      async (key) => {
        const value = key === 'email' ? `race-${randomUUID()}@example.com` : `race${randomUUID()}`;
        const outcomes = await Promise.all(
          Array.from({ length: 10 }, (_, n) =>
            store.insert(newUser({ [key]: n % 2 === 0 ? value : value.toUpperCase() })),
          ),
        );
        const lost = Array.from({ length: 9 }, () => `${key}-taken`);
        expect(outcomes.toSorted()).toEqual([...lost, 'inserted'].toSorted());
      },
    );

    it('finds the existing users among 2,400 ids', async () => {
      const inserted = [newUser(), newUser(), newUser()];
      for (const user of inserted) await store.insert(user);
      const ids = [
        ...inserted.map(({ id }) => id),
        ...Array.from({ length: 1_200 }, () => randomUUID()),
      ];
      const found = await store.findByIds([...ids, ...ids]);
      expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
        inserted.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
      expect(await store.findByIds([])).toEqual([]);
    });

    it('updates the display name, and finds the user by the new name', async () => {
      const mary = newUser({ username: `mary${randomUUID()}`, displayName: 'Before' });
      await store.insert(mary);
      const changed = { ...mary, displayName: 'Zoë Afterwards' };
      expect(await store.updateDisplayName(mary.id, 'Zoë Afterwards')).toEqual(changed);
      expect(await store.findById(mary.id)).toEqual(changed);
      expect(await store.search('ZOË after', 10)).toEqual([changed]);
    });

    it('searches users by prefix of either name, ignoring case, sorted by username, up to a limit', async () => {
      const prefix = `p${randomUUID().slice(0, 8)}`;
      const c = newUser({ username: `${prefix}-c`, displayName: 'x' });
      const a = newUser({ username: `${prefix}-a`, displayName: `${prefix} twice` });
      const b = newUser({ username: `a-${prefix}`, displayName: `${prefix.toUpperCase()} Name` });
      for (const user of [c, a, b]) await store.insert(user);
      expect(await store.search(prefix.toUpperCase(), 10)).toEqual([b, a, c]);
      expect(await store.search(prefix, 2)).toEqual([b, a]);
      expect(await store.search(`${prefix}-b`, 10)).toEqual([]);
    });

    it('finds a name that continues the prefix with U+10FFFF', async () => {
      const prefix = `p${randomUUID()}`;
      const user = newUser({ username: `${prefix}\u{10FFFF}x` });
      await store.insert(user);
      expect(await store.search(prefix, 10)).toEqual([user]);
    });

    it.each(['%', '_', '\\', '.*', '^', '$', '[', "'; DROP TABLE users; --", '{"$gt":""}'])(
      'searches users for %p literally',
      async (text) => {
        const marked = newUser({ displayName: `${text}${randomUUID()}` });
        await store.insert(marked);
        expect(await store.search(marked.displayName, 10)).toEqual([marked]);
        const found = await store.search(text, 50);
        expect(found.every(({ displayName }) => displayName.startsWith(text))).toBe(true);
      },
    );
  });
}
