import { describe, expect, it } from '@jest/globals';
import { MAX_REACTION_EMOJI } from '@chat/contracts';
import { create, ROOM } from '../test/commands.ts';
import { InMemoryLog } from '../test/in-memory-log.ts';
import { roomAccessFor } from '../test/room-access.ts';
import { CommandAccess, type RequestedReaction } from './command-access.ts';
import { MAX_REACTIONS } from './log/state-after.ts';
import type { StoredReaction } from './log/stored-message.ts';

const reactedBy = (count: number, emoji: string): StoredReaction => ({
  emoji,
  userIds: Array.from({ length: count }, (_, n) => `user-${n}`),
});

const FULL = [reactedBy(MAX_REACTIONS - 1, '👍'), { emoji: '🎉', userIds: ['eve'] }];
const EVERY_EMOJI = Array.from({ length: MAX_REACTION_EMOJI }, (_, n) =>
  reactedBy(1, `emoji-${n}`),
);

/** Returns whether a user may react to a message with these reactions; the error if not. */
async function react(
  reactions: readonly StoredReaction[],
  reaction: RequestedReaction | undefined,
  userId = 'ann',
): Promise<unknown> {
  const message = create('ann', 'a');
  const store = new InMemoryLog();
  await store.append([{ ...message, seq: 1, rev: 1, reactions }]);
  const settings = { editWindowMs: 0 };
  const access = roomAccessFor(() => true);
  const commands = new CommandAccess(store, access, settings, { ready: true });
  const command = { userId, roomId: ROOM, messageId: message.id, kind: 'reaction.set' } as const;
  return commands.requireAllowed({ ...command, reaction }).then(
    () => true,
    (error: unknown) => error,
  );
}

describe('CommandAccess', () => {
  it('rejects a reaction to a message with 2,000 reactions with CONFLICT', async () => {
    for (const emoji of ['👍', '🎉', '😀']) {
      expect(await react(FULL, { emoji, on: true })).toMatchObject({
        code: 'CONFLICT',
        message: 'A message can have at most 2,000 reactions.',
      });
    }
  });

  it('rejects another emoji on a message with 50 emoji with CONFLICT', async () => {
    expect(await react(EVERY_EMOJI, { emoji: '👍', on: true })).toMatchObject({
      code: 'CONFLICT',
      message: 'A message can have at most 50 different emoji.',
    });
    expect(await react(EVERY_EMOJI, { emoji: 'emoji-7', on: true })).toBe(true);
    expect(await react(EVERY_EMOJI.slice(1), { emoji: '👍', on: true })).toBe(true);
  });

  it('allows to repeat and to remove a reaction on a message that has reached the limits', async () => {
    expect(await react(FULL, { emoji: '🎉', on: true }, 'eve')).toBe(true);
    expect(await react(FULL, { emoji: '🎉', on: false }, 'eve')).toBe(true);
    expect(await react(FULL, { emoji: '😀', on: false }, 'eve')).toBe(true);
  });

  it('allows a reaction that an earlier version of chat does not name', async () => {
    expect(await react(FULL, undefined)).toBe(true);
  });
});
