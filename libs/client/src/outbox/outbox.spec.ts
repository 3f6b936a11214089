import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { eventually } from '@chat/testing';
import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer, SendOutcome } from '../../test/scripted-server.ts';
import type { ChatClient } from '../chat-client.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { ChangeKind, Command } from './outbox-command.ts';

let server: ScriptedServer;
let clients: Clients;

beforeEach(async () => {
  clients = await Clients.start();
  ({ server } = clients);
});

afterEach(async () => {
  await clients.close();
});

/** Sets the outcomes of the first sends in order; all later ones succeed. */
function setOutcomes(...first: SendOutcome[]): void {
  server.sendOutcome = (count) => first[count - 1] ?? 'ok';
}

function texts(roomId = 'general'): string[] {
  return server.messages(roomId).map(({ text }) => text);
}

function entriesOf(client: ChatClient): [string, string][] {
  return client.outbox
    .getSnapshot()
    .entries.map(({ kind, payload, state }) => [
      kind === 'sendMessage' ? payload.text : kind,
      state,
    ]);
}

const EMOJI = ['👍', '🎉', '😀', '😍', '🚀', '👀', '💯', '🔥', '🙏', '✅'];

function edit({ id }: Message, text: string): Command<ChangeKind> {
  return { kind: 'editMessage', payload: { messageId: id, text } };
}

function reaction({ id }: Message, emoji: string, on: boolean): Command<ChangeKind> {
  return { kind: 'react', payload: { messageId: id, emoji, on } };
}

describe('Outbox', () => {
  it.each<[string, SendOutcome]>([
    ['the connection breaks before the message is stored', 'break-before'],
    ['the connection breaks after the message is stored', 'break-after'],
    [
      'the server returns UNAVAILABLE',
      { code: 'UNAVAILABLE', message: 'Later.', retryAfterMs: 50 },
    ],
    [
      'the server returns RATE_LIMITED',
      { code: 'RATE_LIMITED', message: 'Slower.', retryAfterMs: 50 },
    ],
    ['the server returns INTERNAL', { code: 'INTERNAL', message: 'Oops.' }],
  ])('retries a send with the same clientMessageId when %s', async (_name, outcome) => {
    const ada = await clients.signedIn('ada');
    setOutcomes(outcome);
    const { clientMessageId } = ada.outbox.send('general', 'hello');
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
    expect(server.sends.map((send) => send.clientMessageId)).toEqual([
      clientMessageId,
      clientMessageId,
    ]);
    expect(texts()).toEqual(['hello']);
  });

  it('retries a send whose acknowledgement is lost, and the message is stored once', async () => {
    const ada = await clients.signedIn('ada');
    setOutcomes('lose-ack');
    ada.outbox.send('general', 'hello');
    await eventually(() => expect(server.sends).toHaveLength(2), 14_000);
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
    expect(texts()).toEqual(['hello']);
  });

  it('retries a send no earlier than the retryAfterMs that the server requests', async () => {
    const ada = await clients.signedIn('ada');
    setOutcomes({ code: 'RATE_LIMITED', message: 'Slower.', retryAfterMs: 700 });
    const before = Date.now();
    ada.outbox.send('general', 'hello');
    await eventually(() => expect(texts()).toEqual(['hello']));
    expect(Date.now() - before).toBeGreaterThanOrEqual(700);
  });

  it('delivers messages sent while offline once and in order after the reconnect', async () => {
    const ada = await clients.signedIn('ada');
    await server.stop();
    const sent = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const text of sent) ada.outbox.send('general', text);
    expect(entriesOf(ada).map(([, state]) => state)).toEqual(sent.map(() => 'waiting'));
    await server.resume();
    await eventually(() => expect(texts()).toEqual(sent));
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
  });

  it('has at most one send in flight per room, and sends to other rooms in the meantime', async () => {
    const ada = await clients.signedIn('ada');
    server.sendOutcome = (_count, { roomId }) => (roomId === 'stuck' ? 'ignore' : 'ok');
    for (const text of ['a', 'b', 'c']) {
      ada.outbox.send('stuck', text);
      ada.outbox.send('general', text);
    }
    await eventually(() => expect(texts()).toEqual(['a', 'b', 'c']));
    expect(server.sends.filter(({ roomId }) => roomId === 'stuck')).toHaveLength(1);
  });

  it.each(['VALIDATION', 'FORBIDDEN', 'NOT_FOUND', 'TOO_LARGE'] as const)(
    'marks a message rejected with %s as failed, and sends the next one',
    async (code) => {
      const ada = await clients.signedIn('ada');
      setOutcomes({ code, message: 'No.' });
      ada.outbox.send('general', 'rejected');
      ada.outbox.send('general', 'fine');
      await eventually(() => expect(entriesOf(ada)).toEqual([['rejected', 'failed']]));
      expect(ada.outbox.getSnapshot().entries[0]?.error).toMatchObject({ code, message: 'No.' });
      expect(texts()).toEqual(['fine']);
    },
  );

  it('marks a message as failed after 5 INTERNAL errors, and sends the next one', async () => {
    const ada = await clients.signedIn('ada');
    server.sendOutcome = (_count, { text }) =>
      text === 'poison' ? { code: 'INTERNAL', message: 'Oops.' } : 'ok';
    ada.outbox.send('general', 'poison');
    ada.outbox.send('general', 'fine');
    await eventually(() => expect(texts()).toEqual(['fine']), 20_000);
    await eventually(() => expect(entriesOf(ada)).toEqual([['poison', 'failed']]));
    expect(server.sends.filter(({ text }) => text === 'poison')).toHaveLength(5);
  });

  it('resends a failed message on retry(), and removes it on discard()', async () => {
    const ada = await clients.signedIn('ada');
    setOutcomes({ code: 'FORBIDDEN', message: 'No.' }, { code: 'FORBIDDEN', message: 'No.' });
    const first = ada.outbox.send('general', 'first');
    const second = ada.outbox.send('general', 'second');
    await eventually(() =>
      expect(entriesOf(ada).map(([, state]) => state)).toEqual(['failed', 'failed']),
    );
    ada.outbox.discard(second.clientMessageId);
    ada.outbox.retry(first.clientMessageId);
    await eventually(() => expect(texts()).toEqual(['first']));
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
  });

  it('sends messages stored by an earlier client before new ones', async () => {
    const storage = new MemoryOutbox();
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    await server.stop();
    ada.outbox.send('general', 'one');
    ada.outbox.send('general', 'two');
    await eventually(async () => expect(await storage.load()).toHaveLength(2));
    ada.close();
    await server.resume();

    const later = await clients.signedIn('ada', { outboxStorage: () => storage });
    later.outbox.send('general', 'three');
    await eventually(() => expect(texts()).toEqual(['one', 'two', 'three']));
    await eventually(async () => expect(await storage.load()).toEqual([]));
  });

  it('sends what a release without kinds has stored, and keeps a rejected message', async () => {
    const storage = new MemoryOutbox();
    const fields = { roomId: 'general', createdAt: '2026-01-01T00:00:00Z' };
    const error = { code: 'FORBIDDEN', message: 'No.' };
    await storage.put({ ...fields, clientMessageId: 'k1', text: 'rejected', error });
    await storage.put({ ...fields, clientMessageId: 'k2', text: 'unsent \ud83c' });
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    await eventually(() => expect(texts()).toEqual(['unsent \ufffd']));
    await eventually(() => expect(entriesOf(ada)).toEqual([['rejected', 'failed']]));
    expect(server.sends).toMatchObject([{ clientMessageId: 'k2' }]);
    ada.outbox.retry('k1');
    await eventually(() => expect(texts()).toEqual(['unsent \ufffd', 'rejected']));
    await eventually(async () => expect(await storage.load()).toEqual([]));
  });

  it('leaves entries of later releases in the storage, and sends the others', async () => {
    const storage = new MemoryOutbox();
    const fields = { roomId: 'general', createdAt: '2026-01-01T00:00:00Z' };
    const later = [
      { ...fields, clientMessageId: 'k1', version: 3, kind: 'sendMessage', body: 'text' },
      { ...fields, clientMessageId: 'k2', version: 2, kind: 'pinMessage', payload: { on: true } },
      { clientMessageId: 'k3' },
    ];
    for (const entry of later) await storage.put(entry);
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    ada.outbox.send('general', 'hello');
    await eventually(() => expect(texts()).toEqual(['hello']));
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
    expect(await storage.load()).toEqual(later);
    expect(ada.outbox.getSnapshot().durable).toBe(true);
  });

  it('makes changes that an earlier client has stored, with the same clientMessageId', async () => {
    const [message] = server.store('general', ['hello']) as [Message];
    const storage = new MemoryOutbox();
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    server.commandOutcome = () => 'break-after';
    const { clientMessageId } = ada.outbox.change('general', reaction(message, '👍', true));
    await eventually(() => expect(server.commands).toHaveLength(1));
    ada.close();
    server.commandOutcome = () => 'ok';

    const later = await clients.signedIn('ada', { outboxStorage: () => storage });
    await eventually(() => expect(server.commands).toHaveLength(2));
    expect(server.commands[1]).toEqual(server.commands[0]);
    expect(server.commands[0]?.payload.clientMessageId).toBe(clientMessageId);
    await eventually(() => expect(entriesOf(later)).toEqual([]));
    await eventually(async () => expect(await storage.load()).toEqual([]));
    expect(server.messages('general')).toMatchObject([{ rev: 2 }]);
  });

  it.each(['VALIDATION', 'FORBIDDEN', 'NOT_FOUND'] as const)(
    'drops a change rejected with %s, emits rejected, and makes the next one',
    async (code) => {
      const [message] = server.store('general', ['hello']) as [Message];
      const storage = new MemoryOutbox();
      const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
      server.commandOutcome = (count) => (count === 1 ? { code, message: 'No.' } : 'ok');
      const rejected: unknown[] = [];
      ada.outbox.on('rejected', ({ change, error }) =>
        rejected.push([change.clientMessageId, error.code]),
      );
      const first = ada.outbox.change('general', edit(message, 'edited'));
      ada.outbox.change('general', reaction(message, '👍', true));
      await eventually(() => expect(entriesOf(ada)).toEqual([]));
      await eventually(async () => expect(await storage.load()).toEqual([]));
      expect(rejected).toEqual([[first.clientMessageId, code]]);
      expect(server.messages('general')).toMatchObject([{ text: 'hello', reactions: [{}] }]);
    },
  );

  it('sends messages while the server cannot accept changes', async () => {
    const [message] = server.store('general', ['hello']) as [Message];
    const ada = await clients.signedIn('ada');
    server.commandOutcome = () => ({ code: 'UNAVAILABLE', message: 'Later.', retryAfterMs: 50 });
    ada.outbox.change('general', edit(message, 'edited'));
    ada.outbox.send('general', 'a message');
    await eventually(() => expect(texts()).toEqual(['hello', 'a message']));
    server.commandOutcome = () => 'ok';
    await eventually(() => expect(texts()).toEqual(['edited', 'a message']));
  });

  it('replaces an unsent reaction by a later one with the same emoji, and no other', async () => {
    const [message] = server.store('general', ['hello']) as [Message];
    const ada = await clients.signedIn('ada');
    await server.stop();
    const kept = ada.outbox.change('general', reaction(message, '🎉', true));
    ada.outbox.change('general', reaction(message, '👍', true));
    ada.outbox.change('general', reaction(message, '👍', false));
    const last = ada.outbox.change('general', reaction(message, '👍', true));
    await server.resume();
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
    expect(server.commands.map(({ payload }) => payload.clientMessageId)).toEqual([
      kept.clientMessageId,
      last.clientMessageId,
    ]);
  });

  it('replaces no reaction that was sent before', async () => {
    const [message] = server.store('general', ['hello']) as [Message];
    const ada = await clients.signedIn('ada');
    server.commandOutcome = (count) => (count === 1 ? 'break-after' : 'ok');
    ada.outbox.change('general', reaction(message, '👍', true));
    await eventually(() => expect(server.commands).toHaveLength(1));
    await eventually(() => expect(entriesOf(ada)).toEqual([['react', 'waiting']]));
    ada.outbox.change('general', reaction(message, '👍', false));
    await eventually(() => expect(entriesOf(ada)).toEqual([]));
    const ons = server.commands.map(({ payload }) => 'on' in payload && payload.on);
    expect(ons).toEqual([true, true, false]);
  });

  it('delivers messages and changes once and in order, whatever fails and when it restarts', async () => {
    const unavailable = { code: 'UNAVAILABLE', message: 'Later.', retryAfterMs: 50 } as const;
    const steps = array(
      record({
        kind: constantFrom('send', 'edit', 'react'),
        outcome: constantFrom<SendOutcome>('ok', 'ok', 'break-before', 'break-after', unavailable),
      }),
      { minLength: 1, maxLength: 10 },
    );
    let rooms = 0;
    await assert(
      asyncProperty(steps, nat(), async (commands, seed) => {
        rooms += 1;
        const roomId = `room-${rooms}`;
        const [target] = server.store(roomId, ['target']) as [Message];
        const storage = new MemoryOutbox();
        const outboxStorage = () => storage;
        const first = new Map<string, SendOutcome>();
        const firstOutcome = ({ clientMessageId = '' }): SendOutcome => {
          const outcome = first.get(clientMessageId) ?? 'ok';
          first.delete(clientMessageId);
          return outcome;
        };
        server.sendOutcome = (_count, payload) => firstOutcome(payload);
        server.commandOutcome = (_count, payload) => firstOutcome(payload);

        let client = await clients.signedIn('ada', { outboxStorage });
        const created = { sends: [] as string[], changes: [] as string[] };
        for (const [index, { kind, outcome }] of commands.entries()) {
          const { outbox } = client;
          const { clientMessageId } =
            kind === 'send'
              ? outbox.send(roomId, `message ${index}`)
              : outbox.change(
                  roomId,
                  kind === 'edit'
                    ? edit(target, `edit ${index}`)
                    : reaction(target, EMOJI[index] ?? '', true),
                );
          first.set(clientMessageId, outcome);
          created[kind === 'send' ? 'sends' : 'changes'].push(clientMessageId);
          if (index !== seed % commands.length) continue;
          client.close();
          client = await clients.signedIn('ada', { outboxStorage });
        }
        await eventually(() => expect(entriesOf(client)).toEqual([]), 20_000);
        client.close();

        const sends = server.sends.filter((payload) => payload.roomId === roomId);
        const changes = server.commands.filter(({ payload }) => payload.roomId === roomId);
        expect([...new Set(sends.map((payload) => payload.clientMessageId))]).toEqual(
          created.sends,
        );
        expect([...new Set(changes.map(({ payload }) => payload.clientMessageId))]).toEqual(
          created.changes,
        );
        const stored = server.messages(roomId);
        expect(stored.slice(1).map((message) => message.clientMessageId)).toEqual(created.sends);
        const lastEdit = commands.findLastIndex(({ kind }) => kind === 'edit');
        expect(stored[0]?.text).toBe(lastEdit < 0 ? 'target' : `edit ${lastEdit}`);
      }),
      { numRuns: 20 },
    );
  }, 120_000);

  it('stores an entry before its first send, and removes it after the acknowledgement', async () => {
    const storage = new MemoryOutbox();
    const storedAtSend: boolean[] = [];
    const put = storage.put.bind(storage);
    let release = (): void => undefined;
    storage.put = async (entry) => {
      await new Promise<void>((resolve) => (release = resolve));
      await put(entry);
    };
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    server.sendOutcome = (_count, { clientMessageId = '' }) => {
      void storage.has(clientMessageId).then((has) => storedAtSend.push(has));
      return 'ok';
    };
    const { clientMessageId } = ada.outbox.send('general', 'hello');
    // A send that did not wait for the storage would arrive before this request.
    await ada.rest.rooms();
    expect(server.sends).toEqual([]);
    release();
    await eventually(() => expect(storedAtSend).toEqual([true]));
    await eventually(async () => expect(await storage.has(clientMessageId)).toBe(false));
  });

  it('marks an entry as persisted only after the storage has written it', async () => {
    const storage = new MemoryOutbox();
    const stored = Promise.withResolvers<void>();
    const put = storage.put.bind(storage);
    storage.put = (entry) => stored.promise.then(() => put(entry));
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    await server.stop();
    const persisted = () => ada.outbox.getSnapshot().entries.map((entry) => entry.persisted);
    expect(ada.outbox.send('general', 'hello').persisted).toBe(false);
    await server.resume();
    await ada.connection.whenOnline();
    expect(persisted()).toEqual([false]);
    stored.resolve();
    await eventually(() => expect(persisted()).toEqual([true]));
  });

  it('delivers a message that its storage fails to write, and reports durable: false', async () => {
    const storage = new MemoryOutbox();
    storage.put = () => Promise.reject(new Error('quota exceeded'));
    const ada = await clients.signedIn('ada', { outboxStorage: () => storage });
    ada.outbox.send('general', 'hello');
    await eventually(() => expect(texts()).toEqual(['hello']));
    expect(ada.outbox.getSnapshot().durable).toBe(false);
  });

  it("never sends one user's messages as a different user", async () => {
    const storages = new Map<string, MemoryOutbox>();
    const outboxStorage = (userId: string): MemoryOutbox => {
      const storage = storages.get(userId) ?? new MemoryOutbox();
      storages.set(userId, storage);
      return storage;
    };
    const client = await clients.signedIn('ada', { outboxStorage });
    server.sendOutcome = (_count, { text }) => (text === 'from ada' ? 'break-before' : 'ok');
    client.outbox.send('general', 'from ada');
    await client.session.logout();
    expect(entriesOf(client)).toEqual([]);

    server.sendOutcome = () => 'ok';
    await client.session.login({ email: 'bob@example.org', password: 'correct horse' });
    client.outbox.send('general', 'from bob');
    await eventually(() => expect(texts()).toEqual(['from bob']));

    await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
    await eventually(() => expect(texts()).toEqual(['from bob', 'from ada']));
    expect(server.messages('general').map(({ userId }) => userId)).toEqual([
      'user-bob',
      'user-ada',
    ]);
  });

  it('sends each entry once when two tabs have loaded it', async () => {
    const storage = new MemoryOutbox();
    await Promise.all(
      ['one', 'two', 'three'].map((text) =>
        storage.put({
          clientMessageId: text,
          roomId: 'general',
          text,
          createdAt: '2026-01-01T00:00:00Z',
        }),
      ),
    );
    const outboxStorage = (): MemoryOutbox => storage;
    const tabs = await Promise.all([
      clients.signedIn('ada', { outboxStorage }),
      clients.signedIn('ada', { outboxStorage }),
    ]);
    await eventually(() => expect(tabs.map(entriesOf)).toEqual([[], []]));
    expect(server.sends.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  it('holds 1,000 unsent messages per room, and throws OUTBOX_FULL for the next', async () => {
    const ada = await clients.signedIn('ada');
    await server.stop();
    for (let count = 0; count < 1_000; count += 1) ada.outbox.send('general', 'hello');
    expect(() => ada.outbox.send('general', 'hello')).toThrow(
      expect.objectContaining({ code: 'OUTBOX_FULL' }),
    );
    expect(() => ada.outbox.send('elsewhere', 'hello')).not.toThrow();
  });

  it('throws VALIDATION for an empty or too long message, and UNAUTHORIZED when signed out', async () => {
    const ada = await clients.signedIn('ada');
    const validationError = expect.objectContaining({ code: 'VALIDATION' });
    expect(() => ada.outbox.send('general', '  ')).toThrow(validationError);
    expect(() => ada.outbox.send('general', 'x'.repeat(4_001))).toThrow(validationError);
    await ada.session.logout();
    expect(() => ada.outbox.send('general', 'hello')).toThrow(
      expect.objectContaining({ code: 'UNAUTHORIZED' }),
    );
  });
});
