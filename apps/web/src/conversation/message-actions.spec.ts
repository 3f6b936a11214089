import { describe, expect, it } from '@jest/globals';
import { messageActions } from './message-actions.ts';

const timestamp = '2026-01-01T12:00:00.000Z';
const now = Date.parse(timestamp);
const HOUR_MS = 3_600_000;
const ada = { ownUserId: 'ada', role: 'member', editWindowMs: HOUR_MS } as const;
const own = { id: 'm1', userId: 'ada', timestamp };

describe('messageActions', () => {
  it.each([
    ['member', 'ada', ['react', 'edit', 'delete']],
    ['member', 'bob', ['react']],
    ['moderator', 'ada', ['react', 'edit', 'delete']],
    ['moderator', 'bob', ['react', 'delete']],
    ['owner', 'bob', ['react', 'delete']],
  ] as const)('offers a %s on a message of %s (own user: ada): %j', (role, userId, actions) => {
    expect(messageActions({ ...own, userId }, { ...ada, role }, now)).toEqual(actions);
  });

  it('offers no edit once the message is older than the edit window', () => {
    expect(messageActions(own, ada, now + HOUR_MS)).toContain('edit');
    expect(messageActions(own, ada, now + HOUR_MS + 1)).toEqual(['react', 'delete']);
    const unlimited = { ...ada, editWindowMs: Infinity };
    expect(messageActions(own, unlimited, now + 1_000 * HOUR_MS)).toContain('edit');
  });

  it('offers nothing on an unsent or deleted message, and nothing while the role is unknown', () => {
    const { id: _, ...unsent } = own;
    expect(messageActions(unsent, ada, now)).toEqual([]);
    expect(messageActions({ ...own, deleted: true }, ada, now)).toEqual([]);
    expect(messageActions(own, { ...ada, role: undefined }, now)).toEqual([]);
  });
});
