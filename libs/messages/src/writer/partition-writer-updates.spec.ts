import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, boolean, integer, nat, record } from 'fast-check';
import { create, edit, react, remove, ROOM } from '../../test/commands.ts';
import { InMemoryLog, UNSTORABLE } from '../../test/in-memory-log.ts';
import { commandSequences, RoomModel, toModel } from '../../test/model.ts';
import { legacyMessageIdOf } from '../commands/message-id.ts';
import { isUpdate } from '../log/log-entry.ts';
import type { Command } from '../commands/command.ts';
import type { PublishedHead } from '../head-publisher.ts';
import type { RoomChange } from '../log/room-change.ts';
import type { DeletedRooms } from './deleted-rooms.ts';
import { PartitionWriter } from './partition-writer.ts';
import { RejectionLimit } from './rejection-limit.ts';
import { RoomHeads } from './room-heads.ts';

const NO_DELETED_ROOMS: DeletedRooms = { deletedOf: () => Promise.resolve(new Set()) };

function open(store = new InMemoryLog()) {
  const published: RoomChange[] = [];
  const heads: PublishedHead[] = [];
  const rejected: Command[] = [];
  const writer = new PartitionWriter(
    store,
    NO_DELETED_ROOMS,
    { publish: (_roomId, changes) => void published.push(...changes) },
    new RoomHeads({ publish: (published) => void heads.push(...published) }),
    {
      stored: () => undefined,
      failed: () => undefined,
      rejected: (command) => void rejected.push(command),
      stopped: () => undefined,
    },
    new RejectionLimit(),
    { giveUpAfterMs: 50 },
  );
  const textOf = (id: string): string | undefined => store.messages.get(id)?.text;
  const revs = (): number[] => store.entries.map(({ rev }) => rev);
  const kinds = (): string[] => store.entries.map((e) => (isUpdate(e) ? e.kind : 'message.create'));
  /** Writes commands in one batch: the first one occupies the writer. */
  const writeBatch = async (...commands: Command[]) => {
    const first = writer.write(create('eve', `occupies the writer ${revs().length}`));
    const outcomes = await Promise.allSettled(commands.map((command) => writer.write(command)));
    await first;
    return outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.rev : (outcome.reason as Error).name,
    );
  };
  return { store, writer, published, heads, rejected, textOf, revs, kinds, writeBatch };
}

/** Returns the event as an earlier version of `chat` published it. */
function legacy(name: string, text: string) {
  const current = create('ann', name, text);
  return { ...current, id: legacyMessageIdOf(current) };
}

describe('PartitionWriter with updates of messages', () => {
  it('stores an edit right after its message in the same batch', async () => {
    const { store, published, textOf, writeBatch } = open();
    const message = create('ann', 'a');
    const edited = edit('ann', message.id, 'edited');
    expect(await writeBatch(message, edited, react('bob', message.id))).toEqual([2, 3, 4]);
    expect(store.calls.filter((name) => name === 'append')).toHaveLength(2);
    expect(textOf(message.id)).toBe('edited');
    expect(published.map(({ rev, delta }) => [rev, delta?.kind])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, 'edited'],
      [4, 'reacted'],
    ]);
  });

  it('stores an edit of another user as an entry without effect', async () => {
    const { writer, published, textOf } = open();
    const message = create('ann', 'a', 'hello');
    await writer.write(message);
    const entry = await writer.write(edit('bob', message.id, 'taken over'));
    expect(entry).toMatchObject({ rev: 2, kind: 'none', actor: 'bob' });
    expect(textOf(message.id)).toBe('hello');
    expect(published.at(-1)).toEqual({ roomId: ROOM, rev: 2 });
  });

  it('resolves a retry of an edit with the stored entry, also after a newer edit', async () => {
    const { writer, published, textOf, revs } = open();
    const message = create('ann', 'a');
    await writer.write(message);
    const first = edit('ann', message.id, 'first');
    const stored = await writer.write(first);
    await writer.write(edit('ann', message.id, 'second'));
    const retries = await Promise.all([writer.write(first), writer.write({ ...first })]);
    for (const retry of retries) expect(retry).toMatchObject({ id: stored.id, rev: 2 });
    expect(textOf(message.id)).toBe('second');
    expect(revs()).toEqual([1, 2, 3]);
    expect(published).toHaveLength(3);
  });

  it('never applies a command later that had no effect when it was stored', async () => {
    const { writer, store, kinds } = open();
    const message = create('ann', 'a');
    await writer.write(message);
    const unset = react('bob', message.id, '👍', false);
    await writer.write(unset);
    await writer.write(react('bob', message.id));
    expect(await writer.write(unset)).toMatchObject({ rev: 2, kind: 'none' });
    expect(store.messages.get(message.id)?.reactions).toEqual([{ emoji: '👍', userIds: ['bob'] }]);
    expect(kinds()).toEqual(['message.create', 'none', 'reaction.set']);
  });

  it('stores a command once that is repeated in a batch', async () => {
    const { writer, writeBatch, revs } = open();
    const message = create('ann', 'a');
    await writer.write(message);
    const edited = edit('ann', message.id, 'edited');
    expect(await writeBatch(edited, edited, edited)).toEqual([3, 3, 3]);
    expect(revs()).toEqual([1, 2, 3]);
  });

  it.each(['as a whole', 'from that message on'] as const)(
    'stores the rest of a batch without a gap when the store rejects it %s',
    async (rejectsBatch) => {
      const { store, writer, writeBatch, rejected, revs, kinds, published, textOf } = open();
      store.rejectsBatch = rejectsBatch;
      const message = create('ann', 'a');
      await writer.write(message);
      const poison = create('bob', 'p', UNSTORABLE);
      const [before, after] = [create('ann', 'b'), create('ann', 'c')];
      const outcomes = await writeBatch(
        edit('ann', message.id, 'first'),
        before,
        edit('ann', before.id, 'edited before'),
        poison,
        react('eve', poison.id),
        edit('ann', message.id, 'second'),
        after,
        edit('ann', after.id, 'edited after'),
      );
      expect(outcomes).toEqual([3, 4, 5, 'RejectedMessageError', 6, 7, 8, 9]);
      expect(rejected).toEqual([poison]);
      expect(revs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(published.map(({ rev }) => rev)).toEqual(revs());
      expect(kinds()[5]).toBe('none');
      expect([message, before, after].map(({ id }) => textOf(id))).toEqual([
        'second',
        'edited before',
        'edited after',
      ]);
    },
  );

  it('applies the updates of a crashed writer before it reads anything of a room', async () => {
    const { store, writer, textOf } = open();
    const message = create('ann', 'a');
    await writer.write(message);
    store.crashesBeforeApplying = true;
    await expect(writer.write(edit('ann', message.id, 'edited'))).rejects.toThrow('crashed');
    expect(textOf(message.id)).toBe('text of a');
    store.crashesBeforeApplying = false;
    store.calls.length = 0;
    const next = open(store);
    await next.writer.write(react('bob', message.id));
    expect(store.calls).toEqual(['applyPending', 'heads', 'findByIds', 'append']);
    expect(store.messages.get(message.id)).toMatchObject({
      rev: 3,
      text: 'edited',
      reactions: [{ emoji: '👍', userIds: ['bob'] }],
    });
  });

  it('recognizes the retry of a legacy message by its text before the first edit', async () => {
    const { store, writer, textOf } = open();
    const stored = await writer.write(legacy('1', 'hello'));
    await writer.write(edit('ann', stored.id, 'edited'));
    await writer.write(edit('ann', stored.id, 'edited again'));
    for (const retry of [legacy('1', 'hello'), create('ann', '1', 'hello')]) {
      expect(await writer.write(retry)).toMatchObject({ id: stored.id, seq: 1 });
    }
    const other = await writer.write(create('ann', '1', 'edited'));
    expect(other).toMatchObject({ seq: 2 });
    expect(store.messages.size).toBe(2);
    expect(textOf(stored.id)).toBe('edited again');
  });

  it('takes an event with the legacy id of a deleted message for a retry', async () => {
    const { store, writer } = open();
    const stored = await writer.write(legacy('1', 'hello'));
    await writer.write(remove('ann', stored.id));
    expect(await writer.write(create('ann', '1', 'hello'))).toMatchObject({ id: stored.id });
    expect(store.messages.size).toBe(1);
  });

  it('publishes the head of a room with the latest state of its last message', async () => {
    const { writer, heads } = open();
    const [first, last] = [create('ann', 'a'), create('ann', 'b')];
    await writer.write(first);
    await writer.write(last);
    await writer.write(edit('ann', last.id, 'edited'));
    await writer.write(remove('ann', first.id));
    await writer.close();
    expect(heads.at(-1)).toMatchObject({
      roomId: ROOM,
      seq: 2,
      rev: 3,
      lastMessage: { id: last.id, text: 'edited' },
    });
  });

  it('publishes waiting heads when it closes or is abandoned', async () => {
    for (const end of ['close', 'abandon'] as const) {
      const { writer, heads } = open();
      await writer.write(create('ann', 'a'));
      await writer[end]();
      expect(heads).toMatchObject([{ seq: 1, lastMessage: { text: 'text of a' } }]);
    }
  });

  it('applies every command once in the order of arrival, whatever is redelivered or crashes', async () => {
    const delivery = record({
      again: nat(5),
      inBatch: boolean(),
      crashes: integer({ min: 0, max: 9 }),
    });
    await assert(
      asyncProperty(commandSequences(), array(delivery), async (commands, deliveries) => {
        const { store } = open();
        let { writer } = open(store);
        const model = new RoomModel();
        let writes: Promise<unknown>[] = [];
        for (const [index, command] of commands.entries()) {
          model.apply(command);
          const { again = 0, inBatch = true, crashes = 0 } = deliveries[index] ?? {};
          if (crashes === 9) {
            await Promise.all(writes);
            store.crashesBeforeApplying = true;
            await writer.write(command).catch(() => undefined);
            store.crashesBeforeApplying = false;
            ({ writer } = open(store));
          }
          writes.push(writer.write(command));
          const redelivered = commands[index - again];
          if (redelivered) writes.push(writer.write(redelivered));
          if (!inBatch) await Promise.all(writes.splice(0));
        }
        await Promise.all(writes);
        writes = commands.map((command) => writer.write(command));
        await Promise.all(writes);
        expect(store.entries.map(({ rev }) => rev)).toEqual(commands.map((_, index) => index + 1));
        const expected = model.messages.map((message) => ({
          ...message,
          reactions: [...message.reactions].sort(),
        }));
        expect([...store.messages.values()].map(toModel)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});
