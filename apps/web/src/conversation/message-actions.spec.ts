import { describe, expect, it } from '@jest/globals';
import { messageActions } from './message-actions.ts';

describe('messageActions', () => {
  it.each([
    ['member', 'ada', ['react', 'edit', 'delete']],
    ['member', 'bob', ['react']],
    ['moderator', 'ada', ['react', 'edit', 'delete']],
    ['moderator', 'bob', ['react', 'delete']],
    ['owner', 'bob', ['react', 'delete']],
  ] as const)('offers a %s on a message of %s (own user: ada): %j', (role, userId, actions) => {
    expect(messageActions({ id: 'm1', userId }, { ownUserId: 'ada', role })).toEqual(actions);
  });

  it('offers nothing on an unsent or deleted message, and nothing while the role is unknown', () => {
    const ada = { ownUserId: 'ada', role: 'owner' } as const;
    expect(messageActions({ userId: 'ada' }, ada)).toEqual([]);
    expect(messageActions({ id: 'm1', userId: 'ada', deleted: true }, ada)).toEqual([]);
    expect(messageActions({ id: 'm1', userId: 'ada' }, { ...ada, role: undefined })).toEqual([]);
  });
});
