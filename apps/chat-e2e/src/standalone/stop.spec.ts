import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, reservePort, StandaloneProcess } from '@chat/testing';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const MAIN = join(ROOT, 'apps/standalone/bundle/main.js');
/** Substrings of the log lines of a graceful shutdown. */
const STOPPING = '"msg":"stopping"';
const DRAINING = '"sockets":0,"msg":"draining sockets"';

let dataDir: string;
const groups: ChildProcess[] = [];
const servers: StandaloneProcess[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chat-stop-'));
});
afterEach(async () => {
  for (const { pid } of groups.splice(0)) killGroup(pid);
  for (const server of servers.splice(0)) await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Starts a command in a separate process group. */
function start(command: string, ...args: string[]) {
  const child = spawn(command, [...args, `--data-dir=${dataDir}`], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  groups.push(child);
  const printed = { output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed.output += chunk.toString()));
  }
  return { child, printed };
}

async function startStandalone(port?: number): Promise<StandaloneProcess> {
  const server = await StandaloneProcess.start({
    dataDir,
    ...(port === undefined ? {} : { port }),
  });
  servers.push(server);
  return server;
}

async function connectTo({ port }: StandaloneProcess): Promise<Socket> {
  const connection = connect(port, 'localhost');
  await once(connection, 'connect');
  return connection;
}

describe('the standalone server', () => {
  it('stops within 2 s while idle connections are open', async () => {
    const server = await startStandalone();
    const agent = new Agent({ keepAlive: true });
    const [response] = (await once(get(server.url, { agent }), 'response')) as [IncomingMessage];
    await text(response);
    const unused = await connectTo(server);
    const closed = once(unused, 'close');
    const startedAt = performance.now();
    expect(await server.terminate('SIGTERM')).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await closed;
    agent.destroy();
  });

  it('waits until a draining server releases the data directory, then starts', async () => {
    const first = await startStandalone();
    const body = JSON.stringify({ email: 'ada@example.com', password: 'not the right one' });
    const request = await connectTo(first);
    request.write(
      'POST /auth/login HTTP/1.1\r\nHost: chat\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\n\r\n{`,
    );
    // A response on a later connection means that the earlier request has been read.
    await fetch(`${first.url}/health`);
    const exited = first.terminate('SIGTERM');
    await eventually(() => expect(first.output).toContain(STOPPING));
    const started = start(process.execPath, MAIN, `--port=${first.port}`);
    await eventually(() => expect(started.printed.output).toContain('data directory in use'));
    request.write(body.slice(1));
    expect(await text(request)).toMatch(/^HTTP\/1\.1 401 [^]*\r\nConnection: close\r\n/i);
    expect(await exited).toBe(0);
    await eventually(
      () => expect(started.printed.output).toContain('The chat server is ready'),
      15_000,
    );
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  });

  it.each(['before it is ready', 'after it is ready'])(
    'serves requests and shuts down gracefully when its output pipes are closed %s',
    async (when) => {
      const port = await reservePort();
      const { child, printed } = start(process.execPath, MAIN, `--port=${port}`);
      if (when === 'after it is ready') {
        await eventually(
          () => expect(printed.output).toContain('The chat server is ready'),
          15_000,
        );
      }
      child.stdout.destroy();
      child.stderr.destroy();
      const url = `http://localhost:${port}`;
      await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(200), 15_000);
      const ann = await TestUser.register(singleOrigin(url));
      const socket = await ann.connect();
      await emitWithAck(socket, 'joinRoom', 'general');
      const send = { roomId: 'general', text: 'hi', clientMessageId: 'one' };
      expect(await emitWithAck(socket, 'sendMessage', send)).toMatchObject({ ok: true });
      ann.close();
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);

      await startStandalone(port);
      expect((await ann.history('general')).map((message) => message.text)).toEqual(['hi']);
    },
  );
});

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'drains the server when only npm receives %s',
    async (signal) => {
      const port = await reservePort();
      const { child, printed } = start('npm', 'start', '--', `--port=${port}`);
      await eventually(() => expect(printed.output).toContain('The chat server is ready'), 50_000);
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      await eventually(() => expect(printed.output).toContain(DRAINING));
      const next = await startStandalone(port);
      expect((await fetch(`${next.url}/health`)).status).toBe(200);
    },
  );

  it('drains once and exits with code 0 when npm and the server both receive SIGINT', async () => {
    const { child, printed } = start('npm', 'start', '--', `--port=${await reservePort()}`);
    await eventually(() => expect(printed.output).toContain('The chat server is ready'), 50_000);
    const exited = once(child, 'exit');
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    expect(await exited).toEqual([0, null]);
    const stops = /"msg":"stopping"|"sockets":\d+,"msg":"draining sockets"/g;
    expect(printed.output.match(stops)).toEqual([STOPPING, DRAINING]);
  });
});
