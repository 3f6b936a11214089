import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith, StandaloneProcess } from '@chat/testing';
import { Account } from './support/account.ts';
import { ask } from './support/ask.ts';

describeWith('strace', 'the system calls of a send', () => {
  it('have the commit on the disk before the acknowledgement leaves', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-strace-'));
    const log = join(folder, 'calls');
    const server = await StandaloneProcess.start({
      under: [
        'strace',
        '-f',
        '-o',
        log,
        '-s',
        '5000',
        '-e',
        'trace=fdatasync,fsync,write,writev,pwrite64,sendto,sendmsg',
      ],
    });
    const ann = await Account.register(server.url);
    const socket = await ann.connect();
    await ask(socket, 'joinRoom', 'general');
    const names = Array.from({ length: 10 }, (_, n) => `durable-${n}`);
    for (const clientMessageId of names) {
      await ask(socket, 'sendMessage', { roomId: 'general', text: 'hi', clientMessageId });
    }
    ann.close();
    await server.end('SIGTERM');
    await server.close();
    const calls = (await readFile(log, 'utf8')).split('\n');
    await rm(folder, { recursive: true });

    for (const name of names) {
      const written = calls.findIndex((call) => call.includes('pwrite64') && call.includes(name));
      const synced = calls.findIndex(
        (call, index) => index > written && /(fsync|fdatasync).* = 0$/.test(call),
      );
      const acknowledged = calls.findIndex(
        (call) => call.includes('ok') && call.includes('true') && call.includes(name),
      );
      expect(written).toBeGreaterThan(-1);
      expect(synced).toBeGreaterThan(written);
      expect(acknowledged).toBeGreaterThan(synced);
    }
  }, 60_000);
});
