import { describe, expect, it } from '@jest/globals';
import { MAX_REACTION_EMOJI } from '@chat/contracts';
import { array, assert, integer, property } from 'fast-check';
import { AT, command, create, edit, LATER, react, remove, ROOM } from '../../test/commands.ts';
import { commandSequences, RoomModel, toModel } from '../../test/model.ts';
import { isUpdate } from './log-entry.ts';
import { isCreate, type Command } from '../commands/command.ts';
import { plan, type PlannedEntry } from './plan.ts';
import { MAX_REACTIONS, stateAfter, withState } from './state-after.ts';
import type { StoredMessage } from './stored-message.ts';

/** Plans batches one after another, each with the heads and messages that the one before left. */
function planInBatches(commands: readonly Command[], sizes: readonly number[]): PlannedEntry[] {
  const planned: PlannedEntry[] = [];
  for (let from = 0, batch = 0; from < commands.length; batch += 1) {
    const size = sizes[batch] ?? commands.length;
    const seq = planned.filter(({ entry }) => !isUpdate(entry)).length;
    const heads = new Map([[ROOM, { roomId: ROOM, seq, rev: planned.length }]]);
    planned.push(...plan(commands.slice(from, from + size), heads, messagesAfter(planned)));
    from += size;
  }
  return planned;
}

/** Applies entries to messages as a store does. */
function messagesAfter(planned: readonly PlannedEntry[]): Map<string, StoredMessage> {
  const messages = new Map<string, StoredMessage>();
  for (const { entry } of planned) {
    if (!isUpdate(entry)) messages.set(entry.id, entry);
    else if (entry.change) {
      const { messageId, prevRev, state } = entry.change;
      const before = messages.get(messageId);
      if (before?.rev !== prevRev) throw new Error('the update expects a different state');
      messages.set(messageId, withState(before, state, entry.rev));
    }
  }
  return messages;
}

const BATCH_SIZES = array(integer({ min: 1, max: 10 }));

describe('plan', () => {
  it('gives every command the next rev, and every new message the next seq', () => {
    assert(
      property(commandSequences(), BATCH_SIZES, (commands, sizes) => {
        const entries = planInBatches(commands, sizes).map(({ entry }) => entry);
        expect(entries.map(({ rev }) => rev)).toEqual(commands.map((_, index) => index + 1));
        const seqs = entries.flatMap((entry) => (isUpdate(entry) ? [] : [entry.seq]));
        expect(seqs).toEqual(seqs.map((_, index) => index + 1));
        expect(entries.map(({ id }) => id)).toEqual(
          commands.map((planned) => (isCreate(planned) ? planned.id : planned.opId)),
        );
      }),
    );
  });

  it('changes exactly one message at each rev, and none for a command without effect', () => {
    assert(
      property(commandSequences(), BATCH_SIZES, (commands, sizes) => {
        const model = new RoomModel();
        const planned = planInBatches(commands, sizes);
        for (const [index, given] of commands.entries()) {
          const { entry, change } = planned[index] ?? {};
          const before = messagesAfter(planned.slice(0, index));
          const after = messagesAfter(planned.slice(0, index + 1));
          const changed = [...after.values()].filter(
            (message) => before.get(message.id)?.rev !== message.rev,
          );
          const target = model.apply(given);
          expect(changed.map(({ id }) => id)).toEqual(target === undefined ? [] : [target]);
          expect(change).toMatchObject({ roomId: ROOM, rev: index + 1 });
          expect(change?.message).toEqual(changed[0]);
          expect(entry && isUpdate(entry) && entry.kind === 'none').toBe(target === undefined);
        }
      }),
    );
  });

  it('leaves the messages of a simple model, however the commands are split into batches', () => {
    assert(
      property(commandSequences(), BATCH_SIZES, (commands, sizes) => {
        const model = new RoomModel();
        for (const planned of commands) model.apply(planned);
        const expected = model.messages.map((message) => ({
          ...message,
          reactions: [...message.reactions].sort(),
        }));
        const messages = [...messagesAfter(planInBatches(commands, sizes)).values()];
        expect(messages.map(toModel)).toEqual(expected);
      }),
    );
  });

  it('keeps the positions of different rooms apart, and changes no message of another room', () => {
    const message = create('ann', 'a');
    const inOther = (planned: Command): Command => ({ ...planned, roomId: 'other' });
    const planned = plan(
      [message, inOther(create('ann', 'b')), inOther(edit('ann', message.id, 'edited'))],
      new Map([['other', { roomId: 'other', seq: 5, rev: 7 }]]),
      new Map(),
    );
    expect(planned.map(({ entry: { roomId, rev } }) => [roomId, rev])).toEqual([
      [ROOM, 1],
      ['other', 8],
      ['other', 9],
    ]);
    expect(planned[1]?.entry).toMatchObject({ seq: 6 });
    expect(planned[2]?.entry).toMatchObject({ kind: 'none' });
  });

  it('keeps the text that an edit replaces, and no text of a deleted message', () => {
    const message = create('ann', 'a', 'one');
    const planned = plan(
      [
        message,
        edit('ann', message.id, 'two'),
        edit('ann', message.id, 'three'),
        remove('eve', message.id),
      ],
      new Map(),
      new Map(),
    );
    expect(planned.map(({ entry }) => isUpdate(entry) && entry.change?.replaced)).toEqual([
      false,
      { rev: 1, text: 'one', at: AT },
      { rev: 2, text: 'two', at: LATER },
      undefined,
    ]);
    expect(JSON.stringify(planned[3])).not.toContain('three');
  });

  it('publishes what changed, with the message after the change', () => {
    const message = create('ann', 'a', 'one');
    const commands = [
      message,
      edit('ann', message.id, 'two'),
      react('bob', message.id),
      remove('ann', message.id),
    ];
    const planned = plan(commands, new Map(), new Map());
    expect(planned.map(({ change }) => change)).toMatchObject([
      { rev: 1, message: { rev: 1, text: 'one' } },
      { message: { rev: 2, text: 'two' }, delta: { kind: 'edited', text: 'two', editedAt: LATER } },
      {
        message: { rev: 3, reactions: [{ emoji: '👍', userIds: ['bob'] }] },
        delta: { kind: 'reacted', emoji: '👍', userId: 'bob', on: true },
      },
      { message: { rev: 4, text: '' }, delta: { kind: 'deleted', deletedAt: LATER } },
    ]);
    expect(planned[0]?.change.delta).toBeUndefined();
    expect(planned[3]?.change.message?.reactions).toBeUndefined();
  });
});

describe('stateAfter', () => {
  const stored: StoredMessage = { ...create('ann', 'a', 'hello'), seq: 1, rev: 1 };
  const reactedBy = (count: number, emoji = '👍') => ({
    emoji,
    userIds: Array.from({ length: count }, (_, n) => `user-${n}`),
  });

  it.each<[string, Command, Partial<StoredMessage>]>([
    ['an edit of another user', edit('bob', stored.id, 'taken over'), {}],
    ['an edit to the same text', edit('ann', stored.id, 'hello'), {}],
    ['an edit of a deleted message', edit('ann', stored.id, 'back'), { text: '', deletedAt: AT }],
    ['a second deletion', remove('ann', stored.id), { text: '', deletedAt: AT }],
    ['a reaction on a deleted message', react('bob', stored.id), { text: '', deletedAt: AT }],
    ['the removal of a missing reaction', react('bob', stored.id, '👍', false), {}],
    [
      'a reaction that the user has set',
      react('bob', stored.id),
      { reactions: [{ emoji: '👍', userIds: ['bob'] }] },
    ],
    [
      'a reaction beyond the limit',
      react('bob', stored.id),
      { reactions: [reactedBy(MAX_REACTIONS)] },
    ],
    [
      'one more emoji than the limit',
      react('bob', stored.id),
      {
        reactions: Array.from({ length: MAX_REACTION_EMOJI }, (_, n) => reactedBy(1, `emoji-${n}`)),
      },
    ],
  ])('has no effect for %s', (_case, given, fields) => {
    if (isCreate(given)) throw new Error('not an update');
    expect(stateAfter(given, { ...stored, ...fields })).toBeUndefined();
  });

  it('lets a moderator delete the message of another user', () => {
    expect(stateAfter(remove('mod', stored.id), stored)).toEqual({ text: '', deletedAt: LATER });
  });

  it('keeps the order of reactions, and removes an emoji with its last user', () => {
    const reactions = [reactedBy(2), reactedBy(1, '🎉')];
    const message = { ...stored, reactions };
    expect(stateAfter(react('eve', stored.id), message)?.reactions).toEqual([
      { emoji: '👍', userIds: ['user-0', 'user-1', 'eve'] },
      { emoji: '🎉', userIds: ['user-0'] },
    ]);
    const unset = command('user-0', 'unset', {
      kind: 'reaction.set',
      payload: { messageId: stored.id, emoji: '🎉', on: false },
    });
    expect(stateAfter(unset, message)?.reactions).toEqual([reactedBy(2)]);
    expect(stateAfter(unset, { ...stored, reactions: [reactedBy(1, '🎉')] })).toEqual({
      text: 'hello',
    });
  });
});
