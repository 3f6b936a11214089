import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@chat/testing';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer, SendOutcome } from '../../test/scripted-server.ts';
import type { ChatClient } from '../chat-client.ts';
import { MemoryOutbox } from './memory-outbox.ts';

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
  return client.outbox.getSnapshot().entries.map(({ text, state }) => [text, state]);
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
