import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DeletedMessageError } from '@chat/messages';
import { ServiceCredentials } from '../credentials/service-credentials.ts';
import { ServiceClient } from '../service-client.ts';
import { HttpRoomDirectory } from './http-room-directory.ts';

const COMMAND = {
  userId: 'ann',
  roomId: 'general',
  messageId: 'A'.repeat(22),
  kind: 'message.edit',
} as const;

const MOVE = { userId: 'ann', roomId: 'general', seq: 7, backwards: false, socketId: 's1' };

/** Response of an instance that does not know a call. */
const UNKNOWN_CALL = {
  statusCode: 404,
  error: 'Not Found',
  code: 'NOT_FOUND',
  message: 'Cannot POST /internal/messages/require-allowed',
  requestId: 'r1',
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Returns a directory whose `messages` service responds in this way. */
async function directoryOf(status: number, body: object): Promise<HttpRoomDirectory> {
  server = createServer((_request, response) => {
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new HttpRoomDirectory(
    new ServiceClient(
      { name: 'messages', urls: [`http://127.0.0.1:${port}`], timeoutMs: 5_000 },
      new ServiceCredentials({ secret: 'x'.repeat(40), accessTokenTtlSeconds: 60 }),
    ),
  );
}

describe('HttpRoomDirectory.requireAllowed', () => {
  it('resolves when messages allows the command', async () => {
    const directory = await directoryOf(200, {});
    await expect(directory.requireAllowed(COMMAND)).resolves.toBeUndefined();
  });

  it.each(['NOT_FOUND', 'FORBIDDEN', 'CONFLICT'] as const)(
    'rejects with %s and the reason when messages refuses the command',
    async (code) => {
      const directory = await directoryOf(200, { refusal: { code, message: 'No.' } });
      await expect(directory.requireAllowed(COMMAND)).rejects.toMatchObject({
        code,
        message: 'No.',
      });
    },
  );

  it('distinguishes a deleted message from one that does not exist', async () => {
    const refusal = { code: 'NOT_FOUND', message: 'Message not found.' };
    const deleted = await directoryOf(200, { refusal: { ...refusal, isDeleted: true } });
    await expect(deleted.requireAllowed(COMMAND)).rejects.toBeInstanceOf(DeletedMessageError);
    server?.close();
    const missing = await directoryOf(200, { refusal: { ...refusal, isDeleted: false } });
    await expect(missing.requireAllowed(COMMAND)).rejects.not.toBeInstanceOf(DeletedMessageError);
  });

  it('rejects with UNAVAILABLE when an instance of an earlier version does not know the call', async () => {
    const directory = await directoryOf(404, UNKNOWN_CALL);
    await expect(directory.requireAllowed(COMMAND)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('HttpRoomDirectory.moveReadPosition', () => {
  it('returns the position that messages has stored', async () => {
    const position = { lastReadSeq: 7, unread: 2 };
    const directory = await directoryOf(200, { position });
    expect(await directory.moveReadPosition(MOVE)).toEqual(position);
  });

  it('rejects with NOT_FOUND when messages finds no member', async () => {
    const directory = await directoryOf(200, { position: null });
    await expect(directory.moveReadPosition(MOVE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('rejects with UNAVAILABLE when an instance of an earlier version does not know the call', async () => {
    const directory = await directoryOf(404, UNKNOWN_CALL);
    await expect(directory.moveReadPosition(MOVE)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
