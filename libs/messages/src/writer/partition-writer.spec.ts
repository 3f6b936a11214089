import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { RoomHead } from '@chat/contracts';
import type { MessageCreate } from '../commands/message-create.ts';
import { ConflictingWriterError, MessageStore, RejectedMessageError } from '../message-store.ts';
import { legacyMessageIdOf, messageIdOf } from '../commands/message-id.ts';
import { isUpdate, type LogEntry } from '../log/log-entry.ts';
import { isCreate } from '../commands/command.ts';
import type { StoredMessage } from '../log/stored-message.ts';
import { DeletedRoomError, DeletedRooms } from './deleted-rooms.ts';
import { PartitionWriter, type WriterLimits } from './partition-writer.ts';
import { RejectionLimit } from './rejection-limit.ts';
import { RoomHeads } from './room-heads.ts';

const UNSTORABLE = 'can never be stored';

function unstorableError(): RejectedMessageError {
  return new RejectedMessageError('a rule');
}

/** A fake store whose next calls can be made to fail. */
class FaultyStore extends MessageStore {
  readonly messages: StoredMessage[] = [];
  readonly batches: string[][] = [];
  readonly faults: ((messages: readonly StoredMessage[]) => void)[] = [];
  /** How much of a batch with an unstorable message is rejected. */
  rejectsBatch: 'as a whole' | 'from that message on' = 'as a whole';

  get names(): (string | undefined)[] {
    return this.messages.map(({ clientMessageId }) => clientMessageId);
  }

  append(entries: readonly LogEntry[]): Promise<void> {
    const messages = entries.flatMap((entry) => (isUpdate(entry) ? [] : [entry]));
    this.batches.push(messages.map(({ clientMessageId, seq }) => `${clientMessageId}@${seq}`));
    this.faults.shift()?.(messages);
    const hasUnstorable = messages.some(({ text }) => text === UNSTORABLE);
    if (hasUnstorable && this.rejectsBatch === 'as a whole') {
      return Promise.reject(unstorableError());
    }
    for (const message of messages) {
      if (message.text === UNSTORABLE) return Promise.reject(unstorableError());
      const prior = this.messages.find((m) => m.roomId === message.roomId && m.seq === message.seq);
      if (prior && prior.id !== message.id) return Promise.reject(new ConflictingWriterError());
      if (!prior) this.messages.push(message);
    }
    return Promise.resolve();
  }

  findByIds(ids: readonly string[]): Promise<Map<string, StoredMessage>> {
    const found = this.messages.filter(({ id }) => ids.includes(id));
    return Promise.resolve(new Map(found.map((message) => [message.id, message])));
  }

  heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    return Promise.resolve(
      new Map(
        roomIds.map((roomId) => {
          const own = this.messages.filter((message) => message.roomId === roomId);
          const seq = Math.max(0, ...own.map((message) => message.seq));
          return [roomId, { roomId, seq, rev: seq }];
        }),
      ),
    );
  }

  applyPending(): Promise<void> {
    return Promise.resolve();
  }
  versions(): Promise<[]> {
    return Promise.resolve([]);
  }
  find(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  lastMessages(): Promise<Map<string, StoredMessage>> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  page(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  changes(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
}

function event(name: string, roomId = 'general', text = `text of ${name}`): MessageCreate {
  const content = { userId: 'u1', roomId, clientMessageId: name, text };
  return {
    ...content,
    id: messageIdOf(content),
    username: 'ann',
    timestamp: '2026-01-01T00:00:00.000Z',
  };
}

/** Returns the event as an earlier version of `chat` published it. */
function legacyEvent(name: string, text?: string): MessageCreate {
  const current = event(name, 'general', text);
  return { ...current, id: legacyMessageIdOf(current) };
}

/** Fake rooms that can be deleted, and whose next lookups can be made to fail. */
class DeletableRooms extends DeletedRooms {
  readonly deleted = new Set<string>();
  readonly lookups: (readonly string[])[] = [];
  readonly faults: Error[] = [];

  deletedOf(roomIds: readonly string[]): Promise<Set<string>> {
    this.lookups.push(roomIds);
    const fault = this.faults.shift();
    if (fault) return Promise.reject(fault);
    return Promise.resolve(new Set(roomIds.filter((roomId) => this.deleted.has(roomId))));
  }
}

function open(
  store = new FaultyStore(),
  limits?: WriterLimits,
  rooms = new DeletableRooms(),
  rejectionLimit = new RejectionLimit(),
) {
  const published: string[] = [];
  const failures: unknown[] = [];
  const rejected: string[] = [];
  const stops: number[] = [];
  const writer = new PartitionWriter(
    store,
    rooms,
    {
      publish: (roomId, changes) => {
        published.push(
          ...changes.map(({ message, rev }) => `${roomId}/${message?.clientMessageId}@${rev}`),
        );
      },
    },
    new RoomHeads({ publish: () => undefined }),
    {
      stored: () => undefined,
      failed: (error) => failures.push(error),
      rejected: (command) => {
        if (isCreate(command)) rejected.push(command.clientMessageId);
      },
      stopped: (forMs) => stops.push(forMs),
    },
    rejectionLimit,
    limits,
  );
  return { store, writer, published, failures, rooms, rejected, stops };
}

describe('PartitionWriter', () => {
  it('numbers the messages in every room from 1 without gaps', async () => {
    const { store, writer } = open();
    await Promise.all(['a', 'b', 'c'].map((id) => writer.write(event(id))));
    await writer.write(event('d', 'other'));
    await writer.write(event('e'));
    expect(
      store.messages.map(({ roomId, clientMessageId, seq, rev }) => [
        roomId,
        clientMessageId,
        seq,
        rev,
      ]),
    ).toEqual([
      ['general', 'a', 1, 1],
      ['general', 'b', 2, 2],
      ['general', 'c', 3, 3],
      ['other', 'd', 1, 1],
      ['general', 'e', 4, 4],
    ]);
  });

  it('continues after the last stored seq of a room', async () => {
    const store = new FaultyStore();
    await open(store).writer.write(event('a'));
    const stored = await open(store).writer.write(event('b'));
    expect(stored.seq).toBe(2);
  });

  it('reads the heads of 120 rooms in chunks of 50 and repeats only the chunk that failed', async () => {
    const store = new FaultyStore();
    const reads: (readonly string[])[] = [];
    const heads = store.heads.bind(store);
    store.heads = (roomIds) => {
      reads.push(roomIds);
      return reads.length === 3 ? Promise.reject(new Error('unavailable')) : heads(roomIds);
    };
    const { writer } = open(store);
    const rooms = Array.from({ length: 121 }, (_, n) => `room-${n}`);
    await Promise.all(rooms.map((roomId) => writer.write(event(`in ${roomId}`, roomId))));
    expect(reads).toEqual([
      rooms.slice(0, 1),
      rooms.slice(1, 51),
      rooms.slice(51, 101),
      rooms.slice(51, 101),
      rooms.slice(101),
    ]);
  });

  it('stores the messages that arrive during a commit in one batch', async () => {
    const { store, writer } = open();
    const first = writer.write(event('a'));
    await Promise.all([first, ...['b', 'c', 'd'].map((id) => writer.write(event(id)))]);
    expect(store.batches).toEqual([['a@1'], ['b@2', 'c@3', 'd@4']]);
  });

  it('stores and publishes a retried message once and returns it for every retry', async () => {
    const { store, writer, published } = open();
    const repeats = await Promise.all(Array.from({ length: 50 }, () => writer.write(event('a'))));
    const later = await writer.write(event('a'));
    expect(store.messages).toHaveLength(1);
    expect(published).toEqual(['general/a@1']);
    expect([...repeats, later].every(({ text, seq }) => text === 'text of a' && seq === 1)).toBe(
      true,
    );
  });

  it('keeps the order of first arrival when a message is repeated within a batch', async () => {
    const { store, writer } = open();
    await Promise.all(['x', 'a', 'b', 'a', 'c'].map((id) => writer.write(event(id))));
    expect(store.names).toEqual(['x', 'a', 'b', 'c']);
  });

  it('retries the same batch unchanged when the outcome of a write is unknown', async () => {
    const { store, writer, published, failures } = open();
    store.faults.push((messages) => {
      store.messages.push(...messages.slice(0, 1));
      throw new Error('connection lost after a prefix was stored');
    });
    const x = writer.write(event('x'));
    await Promise.all([x, writer.write(event('a')), writer.write(event('b'))]);
    expect(store.batches).toEqual([['x@1'], ['x@1'], ['a@2', 'b@3']]);
    expect(store.messages.map(({ clientMessageId, seq }) => [clientMessageId, seq])).toEqual([
      ['x', 1],
      ['a', 2],
      ['b', 3],
    ]);
    expect(published).toEqual(['general/x@1', 'general/a@2', 'general/b@3']);
    expect(failures).toHaveLength(1);
  });

  it('continues after the messages from another writer when it detects a conflict', async () => {
    const { store, writer } = open();
    await writer.write(event('a'));
    store.messages.push({ ...event('from-other-writer'), seq: 2, rev: 2 });
    const stored = await writer.write(event('b'));
    expect(stored.seq).toBe(3);
    expect(store.names).toEqual(['a', 'from-other-writer', 'b']);
  });

  it('stores queued messages before it closes, and rejects later messages with UNAVAILABLE', async () => {
    const { store, writer } = open();
    const queued = ['a', 'b', 'c'].map((id) => writer.write(event(id)));
    await writer.close();
    await Promise.all(queued);
    expect(store.messages).toHaveLength(3);
    await expect(writer.write(event('d'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('rejects unstored messages with UNAVAILABLE when closed while the store fails', async () => {
    const { store, writer } = open();
    const failing = (): never => {
      throw new Error('disk failure');
    };
    store.faults.push(...Array.from({ length: 100 }, () => failing));
    const write = writer.write(event('a'));
    const outcome = expect(write).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.close();
    await outcome;
    expect(store.messages).toHaveLength(0);
  });
});

describe('the message id', () => {
  const texts = (store: FaultyStore) => store.messages.map(({ text, seq }) => [text, seq]);

  it('differs between two texts with the same clientMessageId, so that both are stored', async () => {
    const { store, writer, published } = open();
    const first = await writer.write(event('1', 'general', 'before the restart'));
    const batch = ['after it', 'before the restart', 'after it'];
    const stored = await Promise.all(
      batch.map((text) => writer.write(event('1', 'general', text))),
    );
    expect(stored.map(({ text }) => text)).toEqual(batch);
    expect(stored[1]).toEqual(first);
    expect(texts(store)).toEqual([
      ['before the restart', 1],
      ['after it', 2],
    ]);
    expect(published).toEqual(['general/1@1', 'general/1@2']);
  });

  it('keeps its legacy form when the sender retries a message that an earlier version stored', async () => {
    const { store, writer } = open();
    const legacy = { ...legacyEvent('1', 'hello'), seq: 1, rev: 1 };
    store.messages.push(legacy);
    expect(await writer.write(event('1', 'general', 'hello'))).toEqual(legacy);
    expect((await writer.write(event('1', 'general', 'different'))).seq).toBe(2);
    expect(await writer.write(event('1', 'general', 'different'))).toMatchObject({ seq: 2 });
    expect(texts(store)).toEqual([
      ['hello', 1],
      ['different', 2],
    ]);
  });

  it.each([
    ['the earlier version first', legacyEvent('1', 'hello'), event('1', 'general', 'hello')],
    ['the current version first', event('1', 'general', 'hello'), legacyEvent('1', 'hello')],
  ])(
    'is the same for a message published by two versions of chat, %s',
    async (_order, first, second) => {
      const separate = open();
      const stored = await separate.writer.write(first);
      expect(stored.id).toBe(first.id);
      expect(await separate.writer.write(second)).toEqual(stored);
      const batched = open();
      const other = batched.writer.write(event('x'));
      const writes = [first, second].map((message) => batched.writer.write(message));
      const both = await Promise.all(writes);
      await other;
      expect(both[0]).toEqual(both[1]);
      expect(batched.store.batches).toEqual([['x@1'], ['1@2']]);
    },
  );

  it('is the one that an earlier version acknowledged, unless a different text has that id', async () => {
    const { store, writer } = open();
    const sent = ['one', 'two', 'three'].map((text) => legacyEvent('1', text));
    const first = sent.slice(0, 2).map((message) => writer.write(message));
    await Promise.all(first);
    await writer.write(sent[2] ?? event('none'));
    for (const message of sent) await writer.write(message);
    expect(texts(store)).toEqual([
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ]);
    expect(store.messages.map(({ id }) => id)).toEqual([
      legacyMessageIdOf(event('1')),
      messageIdOf(event('1', 'general', 'two')),
      messageIdOf(event('1', 'general', 'three')),
    ]);
  });

  it('is stable across versions for the same content', () => {
    const content = { userId: 'u1', roomId: 'general', clientMessageId: '1', text: 'hello' };
    expect(messageIdOf(content)).toBe('8tpCm7MUB1hHUWs90oZdtg');
  });

  it('differs when the same characters are split differently between fields', () => {
    const content = { userId: 'u', roomId: 'r', clientMessageId: 'c', text: 't' };
    const ids = [
      content,
      { ...content, text: 't","' },
      { ...content, clientMessageId: 'c","t', text: '' },
      { ...content, roomId: 'rc', clientMessageId: '' },
      { ...content, userId: 'ur', roomId: '' },
    ].map(messageIdOf);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('PartitionWriter for a deleted room', () => {
  it('rejects messages and stores the rest of the batch in order', async () => {
    const { store, writer, published, rooms } = open();
    rooms.deleted.add('gone');
    const first = writer.write(event('x'));
    const batch = [event('a'), event('b', 'gone'), event('c'), event('d', 'gone'), event('e')];
    const outcomes = await Promise.allSettled(batch.map((message) => writer.write(message)));
    await first;
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DeletedRoomError);
    }
    expect(store.batches).toEqual([['x@1'], ['a@2', 'c@3', 'e@4']]);
    expect(published).toEqual(['general/x@1', 'general/a@2', 'general/c@3', 'general/e@4']);
    expect(rooms.lookups).toEqual([['general'], ['general', 'gone']]);
  });

  it('returns the stored message for a retry but rejects a new one with NOT_FOUND', async () => {
    const { writer, rooms } = open();
    const stored = await writer.write(event('a', 'gone'));
    rooms.deleted.add('gone');
    expect(await writer.write(event('a', 'gone'))).toEqual(stored);
    await expect(writer.write(event('b', 'gone'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('continues after a rejection, even with giveUpAfterMs', async () => {
    const { writer, rooms } = open(new FaultyStore(), { giveUpAfterMs: 150 });
    rooms.deleted.add('gone');
    await expect(writer.write(event('a', 'gone'))).rejects.toThrow(DeletedRoomError);
    expect((await writer.write(event('b'))).seq).toBe(1);
  });

  it('retries when the lookup of deleted rooms fails', async () => {
    const { writer, failures, rooms } = open();
    rooms.deleted.add('gone');
    rooms.faults.push(new Error('the store is unavailable'));
    await expect(writer.write(event('a', 'gone'))).rejects.toThrow(DeletedRoomError);
    expect(failures).toEqual([new Error('the store is unavailable')]);
  });
});

describe('PartitionWriter with an unstorable message', () => {
  const poison = (name: string, roomId?: string) => event(name, roomId, UNSTORABLE);
  const outcomesOf = async (writes: Promise<StoredMessage>[]) =>
    (await Promise.allSettled(writes)).map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.seq : (outcome.reason as Error).name,
    );
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(['as a whole', 'from that message on'] as const)(
    'rejects only that message if the store rejects the batch %s',
    async (rejectsBatch) => {
      const { store, writer, published, rejected, failures } = open();
      store.rejectsBatch = rejectsBatch;
      const first = writer.write(event('x'));
      const batch = [
        event('a'),
        event('b', 'other'),
        poison('p'),
        event('c'),
        poison('q', 'other'),
        poison('p'),
        event('d', 'other'),
        event('e'),
      ];
      const outcomes = await outcomesOf(batch.map((message) => writer.write(message)));
      expect((await first).seq).toBe(1);
      const name = 'RejectedMessageError';
      expect(outcomes).toEqual([2, 1, name, 3, name, name, 2, 4]);
      expect(
        store.messages.map(({ roomId, clientMessageId, rev }) => [roomId, clientMessageId, rev]),
      ).toEqual([
        ['general', 'x', 1],
        ['general', 'a', 2],
        ['other', 'b', 1],
        ['general', 'c', 3],
        ['other', 'd', 2],
        ['general', 'e', 4],
      ]);
      expect(published).toEqual([
        'general/x@1',
        'general/a@2',
        'other/b@1',
        'general/c@3',
        'other/d@2',
        'general/e@4',
      ]);
      expect(rejected).toEqual(['p', 'q']);
      expect(failures).toEqual([]);
      await expect(writer.write(poison('r'))).rejects.toMatchObject({ code: 'VALIDATION' });
      expect((await writer.write(event('f'))).seq).toBe(5);
    },
  );

  it('retries the rest when the store fails while the batch is being split', async () => {
    const { store, writer, failures } = open();
    const first = writer.write(event('x'));
    const batch = [event('a'), event('b'), poison('p'), event('c')];
    store.faults.push(
      () => undefined,
      () => undefined,
      (messages) => {
        store.messages.push(...messages.slice(0, 1));
        throw new Error('connection lost after a prefix was stored');
      },
    );
    const outcomes = await outcomesOf([first, ...batch.map((message) => writer.write(message))]);
    expect(outcomes).toEqual([1, 2, 3, 'RejectedMessageError', 4]);
    expect(store.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(failures).toHaveLength(1);
  });

  it('rejects that message once and continues after a conflict with another writer', async () => {
    const { store, writer, rejected } = open();
    const first = writer.write(event('x'));
    const batch = [poison('p'), event('a'), event('b'), event('c')];
    store.faults.push(
      () => undefined,
      () => undefined,
      () => undefined,
      () => undefined,
      () => store.messages.push({ ...event('from-other-writer'), seq: 2, rev: 2 }),
    );
    const outcomes = await outcomesOf([first, ...batch.map((message) => writer.write(message))]);
    expect(outcomes).toEqual([1, 'RejectedMessageError', 3, 4, 5]);
    expect(store.names).toEqual(['x', 'from-other-writer', 'a', 'b', 'c']);
    expect(rejected).toEqual(['p']);
  });

  it('stops the partition for a minute at the 11th, including for the next writer', async () => {
    const rejectionLimit = new RejectionLimit();
    const store = new FaultyStore();
    const { writer, rejected, stops } = open(store, undefined, undefined, rejectionLimit);
    const poisons = Array.from({ length: 11 }, (_, n) => poison(`p${n}`));
    const outcomes = await outcomesOf(poisons.map((message) => writer.write(message)));
    expect(outcomes).toEqual([
      ...Array<string>(10).fill('RejectedMessageError'),
      'UnavailableError',
    ]);
    expect(rejected).toHaveLength(10);
    expect(stops).toEqual([expect.closeTo(60_000, -4)]);
    const next = open(store, { giveUpAfterMs: 150 }, undefined, rejectionLimit);
    for (const stopped of [writer, next.writer]) {
      await expect(stopped.write(event('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    expect(store.messages).toEqual([]);
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    expect((await writer.write(event('a'))).seq).toBe(1);
    await expect(writer.write(poison('p10'))).rejects.toMatchObject({ code: 'VALIDATION' });
  });
});

describe('PartitionWriter with giveUpAfterMs', () => {
  const limits = { giveUpAfterMs: 150 };

  it('stops permanently after a conflict with another writer', async () => {
    const { store, writer } = open(new FaultyStore(), limits);
    await writer.write(event('a'));
    store.messages.push({ ...event('from-other-writer'), seq: 2, rev: 2 });
    const writes = ['b', 'c'].map((id) => writer.write(event(id)));
    for (const write of writes) await expect(write).rejects.toThrow(ConflictingWriterError);
    await expect(writer.write(event('d'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(store.names).toEqual(['a', 'from-other-writer']);
  });

  it('retries after a temporary failure of the store', async () => {
    const { store, writer } = open(new FaultyStore(), limits);
    store.faults.push(() => {
      throw new Error('network failure');
    });
    expect((await writer.write(event('a'))).seq).toBe(1);
  });

  it('stops when the store fails for longer than the limit, and rejects later messages', async () => {
    const { store, writer } = open(new FaultyStore(), limits);
    const failing = (): never => {
      throw new Error('the store is unavailable');
    };
    store.faults.push(...Array.from({ length: 100 }, () => failing));
    const writes = ['a', 'b'].map((id) => writer.write(event(id)));
    for (const write of writes) await expect(write).rejects.toThrow('the store is unavailable');
    store.faults.length = 0;
    await expect(writer.write(event('c'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(store.messages).toHaveLength(0);
  });

  it('rejects a message when the store times out', async () => {
    const store = new FaultyStore();
    store.findByIds = () => new Promise(() => undefined);
    const { writer } = open(store, limits);
    await expect(writer.write(event('a'))).rejects.toThrow('no response within');
  });

  it('rejects a pending message and stores nothing once it is abandoned', async () => {
    const { store, writer } = open(new FaultyStore(), limits);
    const write = writer.write(event('a'));
    const outcome = expect(write).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await writer.abandon();
    await outcome;
    expect(store.batches).toEqual([]);
  });
});
