import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { StandaloneProcess } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { parseSystemCalls } from '../support/strace-log.ts';

/** System calls that SQLite uses to write to disk and Node uses to write to a socket. */
const TRACED = 'trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg';

describeWithProgram('strace', 'sendMessage to the standalone server', () => {
  it('syncs the message to disk before the acknowledgement is written', async () => {
    const tempDir = await mkdtemp(join(tmpdir(), 'chat-strace-'));
    const log = join(tempDir, 'calls');
    const server = await StandaloneProcess.start({
      wrapper: ['strace', '-f', '-y', '-o', log, '-s', '5000', '-e', TRACED],
    });
    const ann = await TestUser.register(singleOrigin(server.url));
    const socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', 'general');
    const clientMessageIds = Array.from({ length: 10 }, (_, n) => `durable-${n}`);
    for (const clientMessageId of clientMessageIds) {
      await emitWithAck(socket, 'sendMessage', { roomId: 'general', text: 'hi', clientMessageId });
    }
    ann.close();
    await server.terminate('SIGTERM');
    await server.close();
    const calls = parseSystemCalls(await readFile(log, 'utf8'));
    await rm(tempDir, { recursive: true });

    for (const clientMessageId of clientMessageIds) {
      const acknowledged = calls.find(
        ({ text }) =>
          text.includes('<socket:') &&
          text.includes('{\\"ok\\":true') &&
          text.includes(clientMessageId),
      );
      const written = calls.find(
        ({ name, text }) =>
          name === 'pwrite64' && text.includes('-wal>') && text.includes(clientMessageId),
      );
      const synced = calls.find(
        ({ name, text, start }) =>
          /^f(data)?sync$/.test(name) &&
          /-wal>.* = 0$/.test(text) &&
          start > (written?.end ?? Infinity),
      );
      expect([clientMessageId, synced?.end]).toEqual([clientMessageId, expect.any(Number)]);
      expect(acknowledged?.start).toBeGreaterThan(synced?.end ?? Infinity);
    }
  }, 60_000);
});
