import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { StandaloneProcess } from '@chat/testing';
import { describeWithProgram } from '@chat/testing/suites';
import { Account } from '../support/account.ts';
import { singleOrigin } from '../support/addresses.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { parseSystemCalls } from '../support/strace-log.ts';

/** System calls that SQLite uses to write to disk and Node uses to write to a socket. */
const TRACED = 'trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg';

describeWithProgram('strace', 'sendMessage to the standalone server', () => {
  it('syncs the message to disk before the acknowledgement is written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-strace-'));
    const log = join(folder, 'calls');
    const server = await StandaloneProcess.start({
      wrapper: ['strace', '-f', '-y', '-o', log, '-s', '5000', '-e', TRACED],
    });
    const ann = await Account.register(singleOrigin(server.url));
    const socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', 'general');
    const names = Array.from({ length: 10 }, (_, n) => `durable-${n}`);
    for (const clientMessageId of names) {
      await emitWithAck(socket, 'sendMessage', { roomId: 'general', text: 'hi', clientMessageId });
    }
    ann.close();
    await server.terminate('SIGTERM');
    await server.close();
    const calls = parseSystemCalls(await readFile(log, 'utf8'));
    await rm(folder, { recursive: true });

    for (const name of names) {
      const acknowledged = calls.find(
        ({ text }) =>
          text.includes('<socket:') && text.includes('{\\"ok\\":true') && text.includes(name),
      );
      const written = calls.find(
        ({ name: call, text }) =>
          call === 'pwrite64' && text.includes('-wal>') && text.includes(name),
      );
      const synced = calls.find(
        ({ name: call, text, start }) =>
          /^f(data)?sync$/.test(call) &&
          /-wal>.* = 0$/.test(text) &&
          start > (written?.end ?? Infinity),
      );
      expect([name, synced?.end]).toEqual([name, expect.any(Number)]);
      expect(acknowledged?.start).toBeGreaterThan(synced?.end ?? Infinity);
    }
  }, 60_000);
});
