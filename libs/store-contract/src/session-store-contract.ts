import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionRecord, SessionStore } from '@chat/users';
import { SPECIAL_IDS } from './special-ids.ts';
import type { OpenedStore, OpenStore } from './opened-store.ts';

const NOW = '2026-06-01T00:00:00.000Z';
const LATER = '2026-07-01T00:00:00.000Z';

function newSession(overrides: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    userId: randomUUID(),
    generation: 1,
    rotatedAt: '2026-05-01T00:00:00.000Z',
    createdAt: '2026-05-01T00:00:00.000Z',
    expiresAt: LATER,
    userAgent: 'Mozilla/5.0',
    ...overrides,
  };
}

/** Registers the tests that every SessionStore must pass. */
export function describeSessionStore(name: string, open: OpenStore<SessionStore>): void {
  describe(`${name}SessionStore`, () => {
    let opened: OpenedStore<SessionStore>;
    let store: SessionStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    it('returns inserted sessions unchanged', async () => {
      const { userAgent: _, ...bare } = newSession();
      const whole = newSession();
      await store.insert(bare);
      await store.insert(whole);
      expect(await store.find(bare.id, NOW)).toEqual(bare);
      expect(await store.find(whole.id, NOW)).toEqual(whole);
    });

    it('does not find unknown or expired sessions', async () => {
      const expiring = newSession({ expiresAt: NOW });
      await store.insert(expiring);
      expect(await store.find('unknown', NOW)).toBeUndefined();
      expect(await store.find(expiring.id, '2026-05-31T23:59:59.999Z')).toEqual(expiring);
      expect(await store.find(expiring.id, NOW)).toBeUndefined();
    });

    it('finds the active sessions among given ids', async () => {
      const [active1, active2, expiring, deleted] = [
        newSession(),
        newSession(),
        newSession({ expiresAt: NOW }),
        newSession(),
      ];
      for (const session of [active1, active2, expiring, deleted]) await store.insert(session);
      await store.delete(deleted.id);
      const ids = [active1, active2, expiring, deleted].map(({ id }) => id);
      const found = await store.findByIds([...ids, 'unknown'], NOW);
      const byId = (a: SessionRecord, b: SessionRecord) => (a.id < b.id ? -1 : 1);
      expect(found.toSorted(byId)).toEqual([active1, active2].toSorted(byId));
      expect(await store.findByIds([], NOW)).toEqual([]);
    });

    it('rotates a session only from the given generation', async () => {
      const session = newSession();
      await store.insert(session);
      const times = { rotatedAt: NOW, expiresAt: LATER };
      expect(await store.rotate(session.id, 2, times)).toBeUndefined();
      const next = { ...session, ...times, generation: 2 };
      expect(await store.rotate(session.id, 1, times)).toEqual(next);
      expect(await store.rotate(session.id, 1, times)).toBeUndefined();
      expect(await store.find(session.id, NOW)).toEqual(next);
      expect(await store.rotate('unknown', 1, times)).toBeUndefined();
    });

    it('does not rotate expired or deleted sessions', async () => {
      const times = { rotatedAt: NOW, expiresAt: LATER };
      const [expired, deleted] = [newSession({ expiresAt: NOW }), newSession()];
      await store.insert(expired);
      await store.insert(deleted);
      await store.delete(deleted.id);
      for (const { id } of [expired, deleted]) {
        expect(await store.rotate(id, 1, times)).toBeUndefined();
        expect(await store.find(id, NOW)).toBeUndefined();
      }
    });

    it('lets one of 16 concurrent rotations of a session succeed', async () => {
      const session = newSession();
      await store.insert(session);
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, () =>
          store.rotate(session.id, 1, { rotatedAt: NOW, expiresAt: LATER }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
      expect((await store.find(session.id, NOW))?.generation).toBe(2);
    });

    it.each(SPECIAL_IDS)('stores %p literally as an id', async (id) => {
      const session = newSession({ id, userId: id, userAgent: id });
      await store.insert(session);
      expect(await store.find(id, NOW)).toEqual(session);
      expect(await store.listByUser(id, NOW)).toEqual([session]);
      expect(await store.delete(id)).toBe(true);
    });

    it("lists a user's active sessions, newest first", async () => {
      const userId = randomUUID();
      const older = newSession({ userId, createdAt: '2026-05-02T00:00:00.000Z' });
      const newer = newSession({ userId, createdAt: '2026-05-03T00:00:00.000Z' });
      const expired = newSession({ userId, expiresAt: '2026-05-04T00:00:00.000Z' });
      for (const session of [older, expired, newer, newSession()]) await store.insert(session);
      expect(await store.listByUser(userId, NOW)).toEqual([newer, older]);
      expect(await store.listByUser('unknown', NOW)).toEqual([]);
    });

    it('deletes a session once', async () => {
      const session = newSession();
      await store.insert(session);
      expect(await store.delete(session.id)).toBe(true);
      expect(await store.delete(session.id)).toBe(false);
      expect(await store.find(session.id, NOW)).toBeUndefined();
    });

    it('deletes only expired sessions', async () => {
      const active = newSession({ expiresAt: '2027-01-01T00:00:00.000Z' });
      const expired = newSession({ expiresAt: '2026-08-01T00:00:00.000Z' });
      await store.insert(active);
      await store.insert(expired);
      expect(await store.deleteExpired('2026-09-01T00:00:00.000Z')).toBeGreaterThan(0);
      expect(await store.find(expired.id, '2026-01-01T00:00:00.000Z')).toBeUndefined();
      expect(await store.find(active.id, NOW)).toEqual(active);
      expect(await store.deleteExpired('2026-09-01T00:00:00.000Z')).toBe(0);
    });
  });
}
