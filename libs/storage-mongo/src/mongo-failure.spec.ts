import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { mongo } from 'mongoose';
import { contentErrorReason, translateErrors } from './mongo-failure.ts';

/** Returns the driver error for an insert whose first document the server rejects. */
function bulkWriteErrorOf(code: number): Error {
  const rejected: Pick<mongo.WriteError, 'code' | 'index'> = { code, index: 0 };
  const writeErrors = [rejected as mongo.WriteError];
  const result = { getWriteErrorCount: () => 1 } as mongo.BulkWriteResult;
  return new mongo.MongoBulkWriteError({ message: 'rejected', code, writeErrors }, result);
}

describe('contentErrorReason', () => {
  it.each([2, 22, 121, 10_334, 17_280])(
    'returns the reason for error %p, which concerns one document',
    (code) => {
      expect(contentErrorReason(bulkWriteErrorOf(code))).toMatch(`MongoDB error ${code}, `);
    },
  );

  it.each([
    ['Unauthorized', 13],
    ['NotWritablePrimary', 10_107],
    ['DuplicateKey', 11_000],
    ['OutOfDiskSpace', 14_031],
  ])('returns undefined for %s, which does not concern one document', (_name, code) => {
    expect(contentErrorReason(bulkWriteErrorOf(code))).toBeUndefined();
  });

  it('returns undefined for a failed command, a network error and an invalid argument', () => {
    for (const error of [
      new mongo.MongoServerError({ message: 'no', code: 121 }),
      new mongo.MongoNetworkError('no'),
      new mongo.MongoInvalidArgumentError('Operation passed in cannot be an Array'),
    ]) {
      expect(contentErrorReason(error)).toBeUndefined();
    }
  });
});

describe('translateErrors', () => {
  it('rejects with UNAVAILABLE when a socket write in the driver fails', async () => {
    const failed = Object.assign(new Error('write ECONNRESET'), {
      errno: -104,
      code: 'ECONNRESET',
      syscall: 'write',
    });
    await expect(translateErrors(() => Promise.reject(failed))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: failed,
    });
  });

  it('rejects with UNAVAILABLE when the driver writes to a connection that the server has ended', async () => {
    const failed = await writeAfterEnd();
    expect(failed).toMatchObject({ code: 'EPIPE' });
    expect(failed).not.toHaveProperty('syscall');
    await expect(translateErrors(() => Promise.reject(failed))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: failed,
    });
  });

  it('rejects with UNAVAILABLE when the driver writes to a destroyed socket', async () => {
    const socket = new Socket();
    socket.destroy();
    const [failed] = await new Promise<[unknown]>((resolve) => {
      socket.on('error', () => undefined);
      socket.write('x', (error) => resolve([error]));
    });
    expect(failed).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    await expect(translateErrors(() => Promise.reject(failed as Error))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('rethrows an error that does not concern the connection, unchanged', async () => {
    const failed = new TypeError('x is undefined');
    await expect(translateErrors(() => Promise.reject(failed))).rejects.toBe(failed);
  });
});

/** Returns the error of a write to a connection that its server has ended. */
async function writeAfterEnd(): Promise<Error> {
  const server = createServer((accepted) => accepted.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  try {
    socket.resume();
    await once(socket, 'end');
    return await new Promise((resolve, reject) => {
      socket.write('x', (error) => (error ? resolve(error) : reject(new Error('no error'))));
    });
  } finally {
    socket.destroy();
    server.close();
  }
}
