import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LoginResponse, Message } from '@chat/contracts';
import { newCredentials, until } from '@chat/testing';
import { io, type Socket } from 'socket.io-client';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { api } from '../support/api.ts';

const ORIGIN = 'http://localhost';

/** The exact sequence of events of the first public client of the contract. */
describeChat('the older public client', () => {
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
    const registered = await api(server.at, 'POST', '/auth/register', {
      body: credentials,
      headers,
    });
    expect(registered.status).toBe(201);
    expect(registered.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const answer = await api<LoginResponse>(server.at, 'POST', '/auth/login', {
      body: credentials,
      headers,
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    return answer.body;
  }

  function connect({ token, user }: LoginResponse): { socket: Socket; shown: Message[] } {
    const socket = io(server.at.chat, {
      auth: { token, username: user.username },
      extraHeaders: { origin: ORIGIN },
      forceNew: true,
    });
    sockets.push(socket);
    const shown: Message[] = [];
    socket.on('connect', () => socket.emit('joinRoom', 'general'));
    socket.on('receiveMessage', (message: Message) => shown.push(message));
    return { socket, shown };
  }

  it('exchanges messages, starting with polling and without acknowledgements', async () => {
    const ann = await signIn('ann');
    const bob = await signIn('bob');
    const annsPage = connect(ann);
    const transports: string[] = [];
    annsPage.socket.io.engine.once('open', () => {
      transports.push(annsPage.socket.io.engine.transport.name);
    });
    annsPage.socket.io.engine.on('upgrade', (transport) => transports.push(transport.name));
    const bobsPage = connect(bob);
    await until('both are connected', () =>
      [annsPage, bobsPage].every(({ socket }) => socket.connected),
    );
    // The client sends on user input, well after its join.
    await until('the transport is upgraded', () => transports.includes('websocket'));
    expect(transports[0]).toBe('polling');

    const send = (page: typeof annsPage, by: LoginResponse, text: string): void => {
      page.socket.emit('sendMessage', {
        roomId: 'general',
        userId: by.user.id,
        username: by.user.username,
        text,
        timestamp: new Date().toISOString(),
      });
    };
    // Its join is not acknowledged; a client that receives its own message has joined.
    send(bobsPage, bob, 'here');
    await until('bob has joined', () => bobsPage.shown.length === 1);
    send(annsPage, ann, 'hello bob');
    await until('bob receives it', () => bobsPage.shown.length === 2);
    await until('ann has joined', () => annsPage.shown.at(-1)?.text === 'hello bob');
    send(bobsPage, bob, 'hello ann');
    await until('ann receives it', () => annsPage.shown.at(-1)?.text === 'hello ann');
    await until('bob received all messages', () => bobsPage.shown.length === 3);
    expect(
      bobsPage.shown.map(({ username, text, timestamp }) => [
        username,
        text,
        Number.isNaN(Date.parse(timestamp)),
      ]),
    ).toEqual([
      [bob.user.username, 'here', false],
      [ann.user.username, 'hello bob', false],
      [bob.user.username, 'hello ann', false],
    ]);

    const history = await api<Message[]>(server.at, 'GET', '/messages/history/general', {
      token: bob.token,
      headers: { origin: ORIGIN },
    });
    // Earlier suites sent to the room, too.
    expect(history.body.slice(-bobsPage.shown.length)).toEqual(bobsPage.shown);
    expect(history.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('is allowed by CORS from http://localhost, unlike a page of a foreign origin', async () => {
    const polling = (origin: string) =>
      fetch(`${server.at.chat}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    const own = await polling(ORIGIN);
    expect(own.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const foreign = await polling('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${server.at.users}/auth/login`, {
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
