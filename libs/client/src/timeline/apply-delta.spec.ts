import type { Message, Reaction } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { applyDelta } from './apply-delta.ts';

const TIME = '2026-01-01T00:01:00.000Z';

function messageWith(fields: Partial<Message> = {}): Message {
  return {
    id: 'm-1',
    roomId: 'general',
    seq: 1,
    rev: 1,
    userId: 'bob',
    username: 'bob',
    text: 'hello',
    timestamp: '2026-01-01T00:00:00.000Z',
    ...fields,
  };
}

function reactionsAfter(
  reactions: Reaction[] | undefined,
  change: { emoji?: string; userId?: string; on?: boolean },
): Reaction[] | undefined {
  const message = messageWith(reactions && { reactions });
  const delta = { kind: 'reacted', emoji: '👍', userId: 'eve', on: true, ...change } as const;
  return applyDelta(message, delta, 'ada').reactions;
}

function users(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user-${index + 1}`);
}

describe('applyDelta', () => {
  it('replaces the text of an edited message and keeps its reactions', () => {
    const reactions = [{ emoji: '👍', count: 1, userIds: ['eve'], mine: false }];
    expect(
      applyDelta(messageWith({ reactions }), { kind: 'edited', text: 'hi', editedAt: TIME }, 'ada'),
    ).toEqual(messageWith({ reactions, text: 'hi', editedAt: TIME }));
  });

  it('leaves neither text, reactions nor time of edit in a deleted message', () => {
    const message = messageWith({
      editedAt: TIME,
      reactions: [{ emoji: '👍', count: 1, userIds: ['eve'], mine: false }],
    });
    expect(applyDelta(message, { kind: 'deleted', deletedAt: TIME }, 'ada')).toEqual(
      messageWith({ text: '', deletedAt: TIME }),
    );
  });

  it('adds an emoji after the others, as the user’s own for the user only', () => {
    const first = { emoji: '🎉', count: 1, userIds: ['bob'], mine: false };
    expect(reactionsAfter([first], {})).toEqual([
      first,
      { emoji: '👍', count: 1, userIds: ['eve'], mine: false },
    ]);
    expect(reactionsAfter(undefined, { userId: 'ada' })).toEqual([
      { emoji: '👍', count: 1, userIds: ['ada'], mine: true },
    ]);
  });

  it('keeps the user’s own reaction when another user adds or removes one', () => {
    const own = { emoji: '👍', count: 1, userIds: ['ada'], mine: true };
    const both = { emoji: '👍', count: 2, userIds: ['ada', 'eve'], mine: true };
    expect(reactionsAfter([own], {})).toEqual([both]);
    expect(reactionsAfter([both], { on: false })).toEqual([own]);
  });

  it('removes an emoji with its last user, and the field with the last emoji', () => {
    const last = { emoji: '👍', count: 1, userIds: ['eve'], mine: false };
    const other = { emoji: '🎉', count: 1, userIds: ['bob'], mine: false };
    expect(reactionsAfter([last, other], { on: false })).toEqual([other]);
    expect(reactionsAfter([last], { on: false })).toBeUndefined();
  });

  it('counts but does not list the 21st user', () => {
    const listed = users(20);
    const reaction = { emoji: '👍', count: 20, userIds: listed, mine: false };
    expect(reactionsAfter([reaction], { userId: 'ada' })).toEqual([
      { emoji: '👍', count: 21, userIds: listed, mine: true },
    ]);
  });

  it('does not list a later user while earlier ones are not listed', () => {
    const reaction = { emoji: '👍', count: 20, userIds: users(19), mine: false };
    expect(reactionsAfter([reaction], {})).toEqual([
      { emoji: '👍', count: 21, userIds: users(19), mine: false },
    ]);
  });

  it('removes the user’s own reaction although it is not listed', () => {
    const reaction = { emoji: '👍', count: 21, userIds: users(20), mine: true };
    expect(reactionsAfter([reaction], { userId: 'ada', on: false })).toEqual([
      { emoji: '👍', count: 20, userIds: users(20), mine: false },
    ]);
  });
});
