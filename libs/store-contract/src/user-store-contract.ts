import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UserRecord, UserStore } from '@chat/users';
import { SPECIAL_IDS } from './special-ids.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

function user(overrides: Partial<UserRecord> = {}): UserRecord {
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
      const ada = user({ email: 'Ada.L@Example.com', username: 'Ada', displayName: 'Ada 🌊 Łucz' });
      expect(await store.insert(ada)).toBe('inserted');
      expect(await store.findById(ada.id)).toEqual(ada);
      expect(await store.findByEmail('ADA.l@example.COM')).toEqual(ada);
    });

    it('does not find or update unknown users', async () => {
      expect(await store.findById('unknown')).toBeUndefined();
      expect(await store.findByEmail('unknown@example.com')).toBeUndefined();
      expect(await store.updateDisplayName('unknown', 'Any name')).toBeUndefined();
    });

    it('accepts each email and username once, ignoring case', async () => {
      const grace = user({ email: 'grace@example.com', username: 'Grace' });
      expect(await store.insert(grace)).toBe('inserted');
      expect(await store.insert(user({ email: 'GRACE@EXAMPLE.COM' }))).toBe('email-taken');
      expect(await store.insert(user({ username: 'gRACE' }))).toBe('username-taken');
      expect(await store.insert(user({ username: 'Straße' }))).toBe('inserted');
      expect(await store.insert(user({ username: 'ＧＲＡＣＥ' }))).toBe('username-taken');
    });

    it('returns email-taken when email and username are both taken, and stores nothing', async () => {
      const [first, second] = [user(), user()];
      await store.insert(first);
      await store.insert(second);
      for (const { username } of [first, second]) {
        const late = user({ email: first.email.toUpperCase(), username });
        expect(await store.insert(late)).toBe('email-taken');
        expect(await store.findById(late.id)).toBeUndefined();
      }
    });

    it.each(SPECIAL_IDS)('stores %p literally as an id and as a name', async (text) => {
      const one = user({ id: text, email: text, username: text, displayName: text });
      expect(await store.insert(one)).toBe('inserted');
      expect(await store.findById(text)).toEqual(one);
      expect(await store.findByEmail(text)).toEqual(one);
      expect(await store.findByIds([text])).toEqual([one]);
    });

    it.each(['email', 'username'] as const)(
      'lets one of 10 concurrent inserts of the same %s succeed',
      async (key) => {
        const value = key === 'email' ? `race-${randomUUID()}@example.com` : `race${randomUUID()}`;
        const outcomes = await Promise.all(
          Array.from({ length: 10 }, (_, n) =>
            store.insert(user({ [key]: n % 2 === 0 ? value : value.toUpperCase() })),
          ),
        );
        const lost = Array.from({ length: 9 }, () => `${key}-taken`);
        expect(outcomes.toSorted()).toEqual([...lost, 'inserted'].toSorted());
      },
    );

    it('finds the existing users among 2,400 ids', async () => {
      const inserted = [user(), user(), user()];
      for (const one of inserted) await store.insert(one);
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
      const mary = user({ username: `mary${randomUUID()}`, displayName: 'Before' });
      await store.insert(mary);
      const changed = { ...mary, displayName: 'Zoë Afterwards' };
      expect(await store.updateDisplayName(mary.id, 'Zoë Afterwards')).toEqual(changed);
      expect(await store.findById(mary.id)).toEqual(changed);
      expect(await store.search('ZOË after', 10)).toEqual([changed]);
    });

    it('searches users by prefix of either name, ignoring case, sorted by username, up to a limit', async () => {
      const prefix = `p${randomUUID().slice(0, 8)}`;
      const c = user({ username: `${prefix}-c`, displayName: 'x' });
      const a = user({ username: `${prefix}-a`, displayName: `${prefix} twice` });
      const b = user({ username: `a-${prefix}`, displayName: `${prefix.toUpperCase()} Name` });
      for (const one of [c, a, b]) await store.insert(one);
      expect(await store.search(prefix.toUpperCase(), 10)).toEqual([b, a, c]);
      expect(await store.search(prefix, 2)).toEqual([b, a]);
      expect(await store.search(`${prefix}-b`, 10)).toEqual([]);
    });

    it('finds a name that continues the prefix with U+10FFFF', async () => {
      const prefix = `p${randomUUID()}`;
      const one = user({ username: `${prefix}\u{10FFFF}x` });
      await store.insert(one);
      expect(await store.search(prefix, 10)).toEqual([one]);
    });

    it.each(['%', '_', '\\', '.*', '^', '$', '[', "'; DROP TABLE users; --", '{"$gt":""}'])(
      'searches users for %p literally',
      async (text) => {
        const marked = user({ displayName: `${text}${randomUUID()}` });
        await store.insert(marked);
        expect(await store.search(marked.displayName, 10)).toEqual([marked]);
        const found = await store.search(text, 50);
        expect(found.every(({ displayName }) => displayName.startsWith(text))).toBe(true);
      },
    );
  });
}
