import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpError, Message, SocketError } from '@chat/contracts';
import { PASSWORD } from '@chat/testing';
import { io } from 'socket.io-client';
import { base64url, claimsOf, signJwt } from '../support/access-token.ts';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { describeChat, sharedChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { api } from '../support/api.ts';
import { SHARED_SETTINGS } from '../support/shared-settings.ts';
import { uniqueRoom } from '../support/unique-room.ts';

const SECRET = SHARED_SETTINGS.JWT_SECRET;

describeChat('the server', () => {
  let server: ChatUnderTest;
  let ann: TestUser;
  let socket: ClientSocket;

  beforeAll(async () => {
    server = await sharedChat();
    ann = await server.register();
    socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', 'general');
  });
  afterAll(() => server.close());

  const expectError = async (
    method: string,
    path: string,
    call: Parameters<typeof api>[3],
    expected: { status: number; code: string },
  ) => {
    const { status, body, headers } = await api<HttpError>(server.addresses, method, path, call);
    expect({ status, code: body.code }).toEqual(expected);
    expect(body.statusCode).toBe(status);
    expect(body.requestId).toBe(headers.get('x-request-id'));
    expect(body.message).toMatch(/^[A-Z].*[.!]$/);
    expect(JSON.stringify(body)).not.toMatch(/at .*\.(js|ts):|sqlite|stack/i);
    return body;
  };

  describe('over REST', () => {
    const invalid = { status: 400, code: 'VALIDATION' };

    it('returns 400 for malformed JSON and for JSON that is not an object', async () => {
      await expectError('POST', '/auth/login', { rawBody: '{"email": ' }, invalid);
      await expectError('POST', '/auth/login', { rawBody: '[]' }, invalid);
      await expectError('POST', '/auth/login', { rawBody: '"text"' }, invalid);
      await expectError('POST', '/auth/login', { rawBody: 'null' }, invalid);
    });

    it('returns 400 for invalid fields and lists their paths', async () => {
      const body = await expectError(
        'POST',
        '/auth/register',
        { body: { email: { $gt: '' }, password: ['a', 'b'], username: 7 } },
        invalid,
      );
      expect(new Set(body.details?.map(({ path }) => path))).toEqual(
        new Set(['email', 'password', 'username']),
      );
      await expectError('POST', '/auth/login', { body: { email: 'a@b.c', password: {} } }, invalid);
      await expectError('POST', '/auth/refresh', { body: { refreshToken: ['x'] } }, invalid);
      await expectError('POST', '/rooms', { token: ann.token, body: { name: 5 } }, invalid);
      await expectError(
        'POST',
        '/rooms',
        { token: ann.token, body: { name: 'UPPER CASE', visibility: 'public' } },
        invalid,
      );
    });

    it('returns 415 for a content type other than JSON', async () => {
      const unsupported = { status: 415, code: 'VALIDATION' };
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await expectError('POST', '/auth/login', { rawBody: 'email=a', headers: form }, unsupported);
      const text = { 'content-type': 'text/plain' };
      await expectError('POST', '/auth/login', { rawBody: '{}', headers: text }, unsupported);
    });

    it('returns 413 for a body larger than 64 KiB', async () => {
      const rawBody = JSON.stringify({ email: 'a@b.cc', password: 'x'.repeat(70_000) });
      await expectError('POST', '/auth/login', { rawBody }, { status: 413, code: 'TOO_LARGE' });
    });

    it.each(['abc', '', '-1', '1.5', '1e3', ' 5', '99999999999999999999', '0x10'])(
      'returns 400 for the cursor or limit %p',
      async (cursor) => {
        for (const name of ['before', 'after', 'around', 'limit']) {
          const path = `/messages/history/general?${name}=${encodeURIComponent(cursor)}`;
          await expectError('GET', path, { token: ann.token }, invalid);
        }
        const path = `/messages/changes/general?since=${encodeURIComponent(cursor)}`;
        await expectError('GET', path, { token: ann.token }, invalid);
      },
    );

    it('returns 400 for conflicting or repeated cursors and an out-of-range limit', async () => {
      const get = (query: string) =>
        expectError('GET', `/messages/history/general?${query}`, { token: ann.token }, invalid);
      await get('before=5&after=2');
      await get('before=5&before=6');
      await get('limit=0');
      await get('limit=201');
    });

    it('returns 404 for unknown rooms and paths, 400 or 404 for malformed room ids', async () => {
      for (const id of ['UPPER', '-dash', 'a'.repeat(65), '~short', '%00', "x'--", '..']) {
        const path = `/messages/history/${encodeURIComponent(id)}`;
        const { status } = await api(server.addresses, 'GET', path, { token: ann.token });
        expect([400, 404]).toContain(status);
      }
      const missing = { status: 404, code: 'NOT_FOUND' };
      await expectError('GET', '/messages/history/no-such-room', { token: ann.token }, missing);
      await expectError('GET', '/rooms/no-such-room', { token: ann.token }, missing);
      await expectError('GET', `/rooms/~${'x'.repeat(22)}`, { token: ann.token }, missing);
      await expectError('GET', '/nothing/here', {}, missing);
    });

    it('returns 401 for a read or a logout without a bearer token', async () => {
      const unauthorized = { status: 401, code: 'UNAUTHORIZED' };
      for (const path of [
        '/users/me',
        '/users?query=a',
        '/rooms',
        '/rooms/general',
        '/rooms/general/members',
        '/messages/history/general',
        '/messages/changes/general?since=0',
        `/rooms/general/messages/${'A'.repeat(22)}/versions`,
        '/auth/sessions',
      ]) {
        await expectError('GET', path, {}, unauthorized);
        await expectError('GET', path, { headers: { authorization: 'Basic YTpi' } }, unauthorized);
      }
      await expectError('POST', '/auth/logout', {}, unauthorized);
    });

    it('returns 409 when the email or username is already taken in a different letter case', async () => {
      const taken = { status: 409, code: 'CONFLICT' };
      const email = ann.email.toUpperCase();
      await expectError('POST', '/auth/register', { body: { email, password: PASSWORD } }, taken);
      const body = {
        email: `${randomUUID()}@example.com`,
        password: PASSWORD,
        username: ann.username.toUpperCase(),
      };
      await expectError('POST', '/auth/register', { body }, taken);
    });

    it('creates only one account when ten registrations for the same email race', async () => {
      const email = `race-${randomUUID()}@example.com`;
      const responses = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          api(server.addresses, 'POST', '/auth/register', {
            body: { email: n % 2 ? email : email.toUpperCase(), password: PASSWORD },
          }),
        ),
      );
      expect(responses.map(({ status }) => status).toSorted()).toEqual([
        201,
        ...Array.from({ length: 9 }, () => 409),
      ]);
    });
  });

  describe('when authenticating', () => {
    const tokens = (): [string, string][] => {
      const claims = claimsOf(ann.token);
      const past = { ...claims, exp: Math.floor(Date.now() / 1_000) - 60 };
      return [
        ['expired', signJwt(past, SECRET)],
        [
          'with tampered claims and the original signature',
          `${signJwt({ ...claims, sub: 'x' }, SECRET)
            .split('.')
            .slice(0, 2)
            .join('.')}.${ann.token.split('.')[2]}`,
        ],
        ['signed with a different secret', signJwt(claims, 'a-different-but-long-enough-secret')],
        ['unsigned', `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.`],
        ['unsigned, with alg in capitals', `${base64url({ alg: 'NONE' })}.${base64url(claims)}.`],
        ['with a different algorithm', signJwt(claims, SECRET, { alg: 'HS512', typ: 'JWT' })],
        ['for a different audience', signJwt({ ...claims, aud: 'elsewhere' }, SECRET)],
        ['for a session that does not exist', signJwt({ ...claims, sid: 'x'.repeat(22) }, SECRET)],
        ['without a subject', signJwt({ ...claims, sub: undefined }, SECRET)],
        ['not a JWT', 'not.a.token'],
      ];
    };

    it('accepts only a valid access token over REST and in the handshake', async () => {
      const valid = await api(server.addresses, 'GET', '/users/me', {
        token: signJwt(claimsOf(ann.token), SECRET),
      });
      expect(valid.status).toBe(200);
      for (const [kind, token] of tokens()) {
        const response = await api<HttpError>(server.addresses, 'GET', '/users/me', { token });
        expect([kind, response.status, response.body.code]).toEqual([kind, 401, 'UNAUTHORIZED']);
        expect([kind, await connectError({ token })]).toEqual([
          kind,
          { code: 'UNAUTHORIZED', message: expect.any(String) },
        ]);
      }
    });

    it('rejects a handshake with a missing or malformed token', async () => {
      for (const auth of [
        {},
        { token: '' },
        { token: 7 },
        { token: { a: 1 } },
        { token: 'x'.repeat(9_000) },
      ]) {
        expect(await connectError(auth)).toMatchObject({ code: 'UNAUTHORIZED' });
      }
    });

    function connectError(auth: object): Promise<unknown> {
      const client = io(server.addresses.chat, {
        auth,
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
      });
      return new Promise((resolve, reject) => {
        client.once('connect', () => reject(new Error('the server accepted the handshake')));
        client.once('connect_error', (error: Error & { data?: unknown }) => {
          client.disconnect();
          resolve(error.data);
        });
      });
    }
  });

  describe('over Socket.IO', () => {
    const emit = (
      event: string,
      ...args: unknown[]
    ): Promise<{ ok: boolean; error?: SocketError }> =>
      (
        socket as unknown as {
          timeout(ms: number): {
            emitWithAck(
              event: string,
              ...args: unknown[]
            ): Promise<{ ok: boolean; error?: SocketError }>;
          };
        }
      )
        .timeout(5_000)
        .emitWithAck(event, ...args);

    it.each([
      ['text of 5,000 characters', { roomId: 'general', text: 'x'.repeat(5_000) }],
      ['empty text', { roomId: 'general', text: '' }],
      ['blank text', { roomId: 'general', text: ' \n\t ' }],
      ['a NUL character in the text', { roomId: 'general', text: 'a\u0000b' }],
      ['an object as text', { roomId: 'general', text: { toString: 'x' } }],
      ['an object as room', { roomId: { $ne: null }, text: 'hi' }],
      ['a malformed room id', { roomId: 'Not A Room Id', text: 'hi' }],
      ['a malformed clientMessageId', { roomId: 'general', text: 'hi', clientMessageId: 'a b' }],
      ['a string as payload', 'hi'],
      ['null as payload', null],
      ['an array as payload', [{ roomId: 'general', text: 'hi' }]],
      ['a missing payload', undefined],
    ])('rejects sendMessage with VALIDATION for %s', async (_kind, payload) => {
      expect(await emit('sendMessage', payload)).toMatchObject({
        ok: false,
        error: { code: 'VALIDATION', message: expect.any(String) },
      });
    });

    it('rejects a sendMessage with two payloads', async () => {
      const message = { roomId: 'general', text: 'hi' };
      expect(await emit('sendMessage', message, message)).toMatchObject({ ok: false });
    });

    it('rejects joinRoom with an invalid payload or an unknown private room', async () => {
      for (const payload of [
        7,
        {},
        { roomId: 'general', since: -1 },
        { roomId: 'general', since: 'x' },
      ]) {
        expect(await emit('joinRoom', payload)).toMatchObject({ error: { code: 'VALIDATION' } });
      }
      expect(await emit('joinRoom', `~${'x'.repeat(22)}`)).toMatchObject({
        error: { code: 'NOT_FOUND' },
      });
    });

    it('rejects sendMessage with NOT_FOUND for a room that does not exist', async () => {
      expect(await emit('sendMessage', { roomId: 'elsewhere', text: 'hi' })).toMatchObject({
        error: { code: 'NOT_FOUND' },
      });
    });

    it('rejects sendMessage with NOT_FOUND for a public room the user has not joined', async () => {
      const owner = await server.register();
      const roomId = uniqueRoom('not-joined');
      await owner.createRoom({ name: roomId, visibility: 'public' });
      const message = { roomId, text: 'hi' };
      expect(await emit('sendMessage', message)).toMatchObject({ error: { code: 'NOT_FOUND' } });
      await emitWithAck(await owner.connect(), 'joinRoom', roomId);
      const ack = await emitWithAck(await owner.connect(), 'sendMessage', {
        ...message,
        text: 'first',
      });
      expect(ack).toMatchObject({ ok: true });
      await owner.waitForSeq(roomId, 1);
      expect(await owner.history(roomId)).toMatchObject([{ text: 'first', seq: 1 }]);
    });

    it('rejects an unknown event, and an empty editMessage, with VALIDATION', async () => {
      for (const event of ['dropTables', 'constructor', '__proto__', 'editMessage']) {
        expect(await emit(event, {})).toMatchObject({ error: { code: 'VALIDATION' } });
      }
    });

    it('emits an exception event for an invalid sendMessage without an acknowledgement callback', async () => {
      const exception = new Promise((resolve) => socket.once('exception', resolve));
      socket.emit('sendMessage', { roomId: 'general', text: '' });
      expect(await exception).toMatchObject({
        event: 'sendMessage',
        error: { code: 'VALIDATION', details: [{ path: 'text' }] },
      });
    });

    it('closes only the connection that sends a packet larger than 64 KiB', async () => {
      const other = await server.register();
      const offender = await other.connect();
      const closed = new Promise((resolve) => offender.once('disconnect', resolve));
      offender.emit('sendMessage', { roomId: 'general', text: 'x'.repeat(200_000) });
      await closed;
      expect(socket.connected).toBe(true);
    });

    it('assigns seq 1 to the first valid message after rejected ones', async () => {
      const received = new Promise<Message>((resolve) => socket.once('receiveMessage', resolve));
      expect(await emit('sendMessage', { roomId: 'general', text: 'still here' })).toMatchObject({
        ok: true,
      });
      expect(await received).toMatchObject({ text: 'still here', seq: 1, rev: 1 });
    });
  });
});
