import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LoginResponse, Message } from '@chat/contracts';
import { newCredentials, until } from '@chat/testing';
import { io, type Socket } from 'socket.io-client';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { api } from '../support/api.ts';

const ORIGIN = 'http://localhost';

/** Sends exactly the events of the first client that the contract described. */
describeChat('the legacy client', () => {
  let server: ChatUnderTest;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    server = await sharedChat();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await server.close();
  });

  async function signIn(name: string): Promise<LoginResponse> {
    const credentials = newCredentials(name);
    const headers = { origin: ORIGIN };
    const registered = await api(server.addresses, 'POST', '/auth/register', {
      body: credentials,
      headers,
    });
    expect(registered.status).toBe(201);
    expect(registered.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const response = await api<LoginResponse>(server.addresses, 'POST', '/auth/login', {
      body: credentials,
      headers,
    });
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    return response.body;
  }

  function connect({ token, user }: LoginResponse): { socket: Socket; received: Message[] } {
    const socket = io(server.addresses.chat, {
      auth: { token, username: user.username },
      extraHeaders: { origin: ORIGIN },
      forceNew: true,
    });
    sockets.push(socket);
    const received: Message[] = [];
    socket.on('connect', () => socket.emit('joinRoom', 'general'));
    socket.on('receiveMessage', (message: Message) => received.push(message));
    return { socket, received };
  }

  it('exchanges messages, starting with polling and without acknowledgements', async () => {
    const ann = await signIn('ann');
    const bob = await signIn('bob');
    const annsClient = connect(ann);
    const transports: string[] = [];
    annsClient.socket.io.engine.once('open', () => {
      transports.push(annsClient.socket.io.engine.transport.name);
    });
    annsClient.socket.io.engine.on('upgrade', (transport) => transports.push(transport.name));
    const bobsClient = connect(bob);
    await until('both are connected', () =>
      [annsClient, bobsClient].every(({ socket }) => socket.connected),
    );
    // The legacy client sends on user input, well after its join.
    await until('the transport is upgraded', () => transports.includes('websocket'));
    expect(transports[0]).toBe('polling');

    const send = (client: typeof annsClient, by: LoginResponse, text: string): void => {
      client.socket.emit('sendMessage', {
        roomId: 'general',
        userId: by.user.id,
        username: by.user.username,
        text,
        timestamp: new Date().toISOString(),
      });
    };
    // The join is not acknowledged; a client that receives its own message has joined.
    send(bobsClient, bob, 'here');
    await until('bob has joined', () => bobsClient.received.length === 1);
    send(annsClient, ann, 'hello bob');
    await until('bob receives the message', () => bobsClient.received.length === 2);
    await until('ann has joined', () => annsClient.received.at(-1)?.text === 'hello bob');
    send(bobsClient, bob, 'hello ann');
    await until('ann receives the message', () => annsClient.received.at(-1)?.text === 'hello ann');
    await until('bob received all messages', () => bobsClient.received.length === 3);
    expect(
      bobsClient.received.map(({ username, text, timestamp }) => [
        username,
        text,
        Number.isNaN(Date.parse(timestamp)),
      ]),
    ).toEqual([
      [bob.user.username, 'here', false],
      [ann.user.username, 'hello bob', false],
      [bob.user.username, 'hello ann', false],
    ]);

    const history = await api<Message[]>(server.addresses, 'GET', '/messages/history/general', {
      token: bob.token,
      headers: { origin: ORIGIN },
    });
    // Earlier suites also sent to the room.
    expect(history.body.slice(-bobsClient.received.length)).toEqual(bobsClient.received);
    expect(history.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('is allowed by CORS from http://localhost, unlike a page from any other origin', async () => {
    const polling = (origin: string) =>
      fetch(`${server.addresses.chat}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    const own = await polling(ORIGIN);
    expect(own.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const foreign = await polling('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${server.addresses.users}/auth/login`, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });
});
