import { type ServerEvent, SERVER_EVENTS } from '@chat/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@chat/testing';
import { Clients } from '../../test/clients.ts';
import type { ScriptedServer } from '../../test/scripted-server.ts';
import { TestProxy, type WebSocketTreatment } from '../../test/test-proxy.ts';
import type { ChatClient, ChatClientOptions } from '../chat-client.ts';
import type { ConnectionState } from './connection-state.ts';
import { MemorySessionStorage } from '../session/memory-session-storage.ts';
import type { Transport, TransportStorage } from './transport-order.ts';

let server: ScriptedServer;
let clients: Clients;

beforeEach(async () => {
  clients = await Clients.start();
  ({ server } = clients);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await clients.close();
});

class StoredTransport implements TransportStorage {
  stored: Transport | undefined;
  load = (): Transport | undefined => this.stored;
  save = (transport: Transport): void => void (this.stored = transport);
}

/** Records every later status of the connection. */
function statusesOf(client: ChatClient): string[] {
  const seen: string[] = [];
  client.connection.subscribe(() => {
    const { status } = client.connection.getSnapshot();
    if (seen.at(-1) !== status) seen.push(status);
  });
  return seen;
}

/** Records every later offline state of the connection. */
function offlineStatesOf(client: ChatClient): ConnectionState[] {
  const seen: ConnectionState[] = [];
  client.connection.subscribe(() => {
    const state = client.connection.getSnapshot();
    if (state.status === 'offline') seen.push(state);
  });
  return seen;
}

/** Records the stacks of later timers of the client that have neither fired nor been cleared. */
function watchTimers(): ReadonlySet<string> {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const running = new Set<string>();
  const stacks = new Map<unknown, string>();
  jest.spyOn(globalThis, 'setTimeout').mockImplementation((task: () => void, ms?: number) => {
    const stack = `${new Error().stack} #${stacks.size}`;
    const timer = set(() => {
      running.delete(stack);
      task();
    }, ms);
    stacks.set(timer, stack);
    if (/client\/src\/(?:[a-z-]+\/)?[a-z-]+\.ts/.test(stack)) running.add(stack);
    return timer;
  });
  jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    running.delete(stacks.get(timer) ?? '');
    clear(timer);
  });
  return running;
}

describe('Connection', () => {
  it('is connecting and then online after a login, and signed out after a logout', async () => {
    const client = clients.create();
    expect(client.connection.getSnapshot()).toEqual({ status: 'signed-out' });
    const statuses = statusesOf(client);
    await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
    await client.connection.whenOnline(5_000);
    await client.session.logout();
    expect(statuses).toEqual(['connecting', 'online', 'signed-out']);
  });

  it('reports the reason and the next attempt after the connection is lost, and reconnects', async () => {
    const client = await clients.signedIn('ada');
    const statuses = statusesOf(client);
    const offline = offlineStatesOf(client);
    server.cut();
    await eventually(() =>
      expect(offline).toMatchObject([
        { reason: 'The connection was lost.', nextAttemptAt: expect.any(Number) },
      ]),
    );
    await client.connection.whenOnline(5_000);
    expect(statuses).toEqual(['offline', 'connecting', 'online']);
  });

  it('is offline while the server is unreachable, and connects immediately on retryNow()', async () => {
    const client = await clients.signedIn('ada');
    await server.stop();
    await eventually(() =>
      expect(client.connection.getSnapshot()).toMatchObject({
        status: 'offline',
        reason: 'The server is unreachable.',
      }),
    );
    await server.resume();
    client.connection.retryNow();
    expect(client.connection.getSnapshot().status).toBe('connecting');
    await client.connection.whenOnline(5_000);
  });

  it('refreshes the access token when the server rejects the stored one', async () => {
    const sessionStorage = new MemorySessionStorage();
    (await clients.signedIn('ada', { sessionStorage })).close();
    server.expireAccessTokens();
    const client = clients.create({ sessionStorage });
    await client.connection.whenOnline(5_000);
    expect(sessionStorage.load()?.token).toBe('access-2');
  });

  it('refreshes the session and reconnects after sessionExpired', async () => {
    const client = await clients.signedIn('ada');
    const statuses = statusesOf(client);
    server.expireAccessTokens();
    server.emit('sessionExpired', {});
    server.io.disconnectSockets(true);
    await eventually(() => expect(statuses).toEqual(['connecting', 'online']));
  });

  it('is signed out after sessionExpired when the server rejects the refresh', async () => {
    const client = await clients.signedIn('ada');
    server.revokeSessions();
    server.emit('sessionExpired', {});
    await eventually(() =>
      expect(client.session.getSnapshot()).toEqual({ status: 'signed-out', reason: 'expired' }),
    );
    expect(client.connection.getSnapshot()).toEqual({ status: 'signed-out' });
  });

  it('goes offline after one refresh when the server ends each session with sessionExpired', async () => {
    server.io.on('connection', (socket) => socket.emit('sessionExpired', {}));
    const client = clients.create();
    await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
    await eventually(() => expect(client.connection.getSnapshot().status).toBe('offline'));
    expect(server.requests.filter((call) => call === 'POST /auth/refresh')).toHaveLength(1);
  });

  it('disconnects on serverDraining, and reconnects after reconnectInMs at the earliest', async () => {
    const client = await clients.signedIn('ada');
    const offline = offlineStatesOf(client);
    const startedAt = Date.now();
    server.emit('serverDraining', { reconnectInMs: 20_000 });
    await eventually(() =>
      expect(offline).toMatchObject([{ reason: 'The server is restarting.' }]),
    );
    await eventually(() => expect(server.sockets).toBe(0));
    await client.connection.whenOnline(25_000);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(20_000);
  });

  it('rejects an event with NETWORK while offline, and with TIMEOUT when it is not acknowledged', async () => {
    const client = await clients.signedIn('ada');
    server.sendOutcome = () => 'ignore';
    const message = { roomId: 'general', text: 'hello' };
    await expect(client.connection.emit('sendMessage', message, 50)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await server.stop();
    await eventually(() => expect(client.connection.getSnapshot().status).not.toBe('online'));
    await expect(client.connection.emit('sendMessage', message)).rejects.toMatchObject({
      code: 'NETWORK',
    });
  });

  it.each(Object.keys(SERVER_EVENTS) as ServerEvent[])(
    'emits the server event %s to its subscribers',
    async (event) => {
      const client = await clients.signedIn('ada');
      const payload = { reconnectInMs: 1_000 };
      const received: unknown[] = [];
      client.connection.on(event, (actual) => received.push(actual));
      if (event === 'roomHeads') server.io.emit(event, []);
      else server.io.emit(event, payload);
      await eventually(() => expect(received).toEqual([event === 'roomHeads' ? [] : payload]));
    },
  );

  it('opens a room and sends a message over HTTP long polling', async () => {
    const client = await clients.signedIn('ada', { transports: ['polling'] });
    await client.room('general').open();
    client.room('general').send('hello');
    await eventually(() => expect(server.messages('general')).toHaveLength(1));
  });
});

describe('Connection behind a proxy', () => {
  let proxy: TestProxy | undefined;
  afterEach(() => proxy?.close());

  /** Creates a client that is signed in, and online within the time for two attempts. */
  async function throughProxy(options: Partial<ChatClientOptions>): Promise<ChatClient> {
    const client = clients.create({ transports: ['websocket', 'polling'], ...options });
    await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
    await client.connection.whenOnline(10_000);
    return client;
  }

  it.each<WebSocketTreatment>(['no-answer', 'no-frames'])(
    'uses long polling when a WebSocket times out: %s',
    async (treatment) => {
      proxy = await TestProxy.start(server.url, treatment);
      const client = clients.create({ url: proxy.url, transports: ['websocket', 'polling'] });
      const offline = offlineStatesOf(client);
      await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
      await client.connection.whenOnline(10_000);
      expect(offline).toEqual([]);
      await client.room('general').open();
      client.room('general').send('hello');
      await eventually(() => expect(server.messages('general')).toHaveLength(1));
    },
  );

  it('begins with long polling when it reconnects, and after a restart with the same storage', async () => {
    proxy = await TestProxy.start(server.url, 'no-answer');
    const transportStorage = new StoredTransport();
    const client = await throughProxy({ url: proxy.url, transportStorage });
    expect(transportStorage.stored).toBe('polling');
    const statuses = statusesOf(client);
    const upgrades = proxy.upgrades;
    server.cut();
    await eventually(() => expect(statuses).toEqual(['offline', 'connecting', 'online']));
    client.close();
    await throughProxy({ url: proxy.url, transportStorage });
    // Each connection tries an upgrade; none begins with one.
    expect(server.transports.slice(-2)).toEqual(['polling', 'polling']);
    expect(proxy.upgrades).toBeGreaterThan(upgrades);
  });

  it.each<Transport>(['websocket', 'polling'])(
    'reaches a server under a path of the origin by %s',
    async (transport) => {
      proxy = await TestProxy.start(server.url, 'pass');
      const client = await throughProxy({ url: `${proxy.url}/chat/`, transports: [transport] });
      expect(await client.rest.rooms()).toEqual([]);
      await client.room('general').open();
    },
  );

  it.each(['example.org', 'ftp://example.org', 'http://a:b@example.org', 'http://example.org/?a'])(
    'is not created for the URL %s',
    (url) => expect(() => clients.create({ url })).toThrow(TypeError),
  );

  it('returns to a WebSocket as soon as one works', async () => {
    proxy = await TestProxy.start(server.url, 'no-answer');
    const transportStorage = new StoredTransport();
    const client = await throughProxy({ url: proxy.url, transportStorage });
    proxy.treatment = 'pass';
    server.cut();
    await eventually(() => expect(transportStorage.stored).toBe('websocket'));
    expect(client.connection.online).toBe(true);
  });
});

describe('A closed ChatClient', () => {
  it('has no running timer after it was offline and online again', async () => {
    const running = watchTimers();
    const client = await clients.signedIn('ada');
    void client.room('general').open();
    client.outbox.send('general', 'hello');
    const offline = offlineStatesOf(client);
    await server.stop();
    await eventually(() =>
      expect(offline).toContainEqual(
        expect.objectContaining({ reason: 'The server is unreachable.' }),
      ),
    );
    await server.resume();
    client.connection.retryNow();
    await client.connection.whenOnline(5_000);
    client.close();
    await server.stop();
    expect([...running]).toEqual([]);
  });

  it('has no running timer after a subscriber closed it when it went online', async () => {
    const running = watchTimers();
    const client = clients.create();
    const statuses = statusesOf(client);
    client.connection.subscribe(() => {
      if (client.connection.getSnapshot().status === 'online') client.close();
    });
    await client.session.login({ email: 'ada@example.org', password: 'correct horse' });
    await eventually(() => expect(statuses).toContain('online'));
    await server.stop();
    expect([...running]).toEqual([]);
  });

  it('disconnects and rejects every call with CLOSED', async () => {
    const client = await clients.signedIn('ada');
    client.close();
    await eventually(() => expect(server.sockets).toBe(0));
    await expect(client.connection.whenOnline()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(client.rest.rooms()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(client.room('general').open()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
