import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RoomSummary } from '@chat/contracts';
import { runStandalone, StandaloneProcess } from '@chat/testing';
import { TestUser } from '../support/test-user.ts';
import { singleOrigin } from '../support/addresses.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

type Exit = Awaited<ReturnType<typeof runStandalone>>;

const SETTINGS = [
  'HOST',
  'PORT',
  'CORS_ORIGINS',
  'TRUST_PROXY',
  'DATA_DIR',
  'NODE_ENV',
  'LOG_LEVEL',
  'METRICS_PORT',
  'METRICS_HOST',
  'JWT_SECRET',
  'ACCESS_TOKEN_TTL_SECONDS',
  'REQUEST_RATE',
  'REQUEST_BURST',
  'READS_PER_USER',
  'READS_AT_ONCE',
  'READ_BUDGET_MB',
  'READ_RATE_MB',
  'SIGN_IN_RATE',
  'SIGN_IN_BURST',
  'FAILED_SIGN_INS_PER_MINUTE',
  'SEND_RATE',
  'SEND_BURST',
  'ROOMS_AUTO_CREATE',
  'EDIT_WINDOW_SECONDS',
  'SOCKET_PING_INTERVAL_MS',
  'SOCKET_PING_TIMEOUT_MS',
  'SOCKET_CONNECT_RATE',
  'SOCKET_CONNECT_BURST',
  'SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS',
  'SOCKET_MAX_UNAUTHENTICATED',
];

describe('the standalone server', () => {
  let tempDir: string;
  beforeEach(async () => {
    tempDir = await mkdtemp(join(tmpdir(), 'chat-start-'));
  });
  afterEach(() => rm(tempDir, { recursive: true, force: true }));

  const expectOneLine = ({ code, stderr }: Exit, line: RegExp): void => {
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(1);
  };
  const expectStartError = async (
    args: string[],
    line: RegExp,
    env: Record<string, string> = {},
  ): Promise<void> => {
    const options = { cwd: tempDir, env };
    expectOneLine(await runStandalone([`--data-dir=${tempDir}`, ...args], options), line);
  };

  let usedDir: string;
  let runningServer: StandaloneProcess;
  /** A server whose data folder is in use waits 10 s for it; other tests run in the meantime. */
  let secondStart: Promise<Exit>;
  beforeAll(async () => {
    usedDir = await mkdtemp(join(tmpdir(), 'chat-used-'));
    runningServer = await StandaloneProcess.start({ dataDir: usedDir });
    secondStart = runStandalone([`--data-dir=${usedDir}`, '--port=0'], { cwd: usedDir });
  });
  afterAll(async () => {
    await runningServer.close();
    await rm(usedDir, { recursive: true, force: true });
  });

  describe('exits with a one-line error', () => {
    it('for an unknown option', () => expectStartError(['--prot', '4000'], /--prot/));
    it('for a port that is not a number', () =>
      expectStartError(['--port', 'http'], /^PORT: must be/));
    it('for a rate that is not a number', () =>
      expectStartError([], /^SEND_RATE: must be/, { SEND_RATE: 'many' }));
    it('in production without a secret', () =>
      expectStartError([], /^JWT_SECRET: is missing/, { NODE_ENV: 'production' }));
    it('in production with a weak secret', () =>
      expectStartError([], /^JWT_SECRET: /, { NODE_ENV: 'production', JWT_SECRET: 'secret' }));
    it('for a host that is not an address of this machine', () =>
      expectStartError(['--host', '203.0.113.7'], /^HOST: /));

    it('for a port in use', async () => {
      const otherServer: Server = createServer();
      await new Promise<void>((resolve) => otherServer.listen(0, '127.0.0.1', resolve));
      const address = otherServer.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const line = new RegExp(`^PORT: port ${String(port)} is in use`);
      await expectStartError(['--port', String(port)], line);
      otherServer.close();
    });

    it('for a data directory that is a file or lies inside one', async () => {
      await writeFile(join(tempDir, 'file'), '');
      await expectStartError(
        [`--data-dir=${join(tempDir, 'file')}`],
        /^DATA_DIR: .*cannot be used/,
      );
      await expectStartError([`--data-dir=${join(tempDir, 'file', 'inside')}`], /^DATA_DIR: /);
    });
  });

  it('starts in production with a strong secret', async () => {
    const server = await StandaloneProcess.start({
      dataDir: tempDir,
      env: { NODE_ENV: 'production', JWT_SECRET: 'Zk3-9fQw_7rTn2LpX8vBd4HsYc6MgJ1e' },
    });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await server.close();
  });

  it('creates one room, general, on its first start', async () => {
    const server = await StandaloneProcess.start({ dataDir: tempDir });
    const ann = await TestUser.register(singleOrigin(server.url));
    const { body } = await ann.call<RoomSummary[]>('GET', '/rooms?discover=true');
    expect(body).toMatchObject([{ id: 'general', visibility: 'public', seq: 0, rev: 0 }]);
    await server.close();
  });

  it('lists every option with a description on --help', async () => {
    const { code, stdout } = await runStandalone(['--help'], { cwd: tempDir });
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}(--[a-z-]+) \(([A-Z_]+)\)\n {6}\S.*\.$/gm)];
    expect(listed.map(([, option, name]) => [option, name])).toEqual(
      SETTINGS.map((name) => [`--${name.toLowerCase().replaceAll('_', '-')}`, name]),
    );
  });

  it('gives options precedence over environment variables, and those precedence over .env', async () => {
    await writeFile(join(tempDir, '.env'), 'PORT=invalid-from-file\nSEND_RATE=invalid\n');
    const run = async (args: string[], env: Record<string, string>) =>
      (await runStandalone([`--data-dir=${tempDir}`, ...args], { cwd: tempDir, env })).stderr;
    expect(await run([], {})).toMatch(/PORT: [^]*SEND_RATE: /);
    expect(await run([], { PORT: '0' })).not.toContain('PORT:');
    expect(await run(['--port=invalid-from-option'], { PORT: '0' })).toContain('PORT:');
  });

  it('restricts its data files to their owner and keeps its secret across a restart', async () => {
    const dataDir = join(tempDir, 'new', 'data');
    await mkdir(join(tempDir, 'new'));
    const server = await StandaloneProcess.start({ dataDir });
    await server.terminate('SIGTERM');
    const secret = await readFile(join(dataDir, 'jwt-secret'), 'utf8');
    await server.restart();
    await server.close();
    expect(await readFile(join(dataDir, 'jwt-secret'), 'utf8')).toBe(secret);
    const modes = await Promise.all(
      [dataDir, join(dataDir, 'jwt-secret'), join(dataDir, 'chat.sqlite')].map(
        async (path) => (await stat(path)).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  describe.each(['SIGTERM', 'SIGINT'] as const)('on %s', (signal) => {
    it('emits serverDraining, acknowledges exactly what it stores and exits with code 0', async () => {
      const server = await StandaloneProcess.start({
        dataDir: tempDir,
        env: { SEND_RATE: '10000', SEND_BURST: '10000' },
      });
      const ann = await TestUser.register(singleOrigin(server.url));
      const socket = await ann.connect();
      await emitWithAck(socket, 'joinRoom', 'general');
      const draining = new Promise<{ reconnectInMs: number }>((resolve) =>
        socket.once('serverDraining', resolve),
      );
      const send = (text: string) =>
        emitWithAck(
          socket,
          'sendMessage',
          { roomId: 'general', text, clientMessageId: text },
          5_000,
        );
      const sent: string[] = [];
      const acks: Promise<Awaited<ReturnType<typeof send>> | undefined>[] = [];
      const sendNext = (count: number): void => {
        for (let n = 0; n < count; n += 1) {
          const text = `message-${sent.length}`;
          sent.push(text);
          acks.push(send(text).catch(() => undefined));
        }
      };
      sendNext(1);
      await acks[0];
      // Many sends are in flight when the server stops, and more follow; the total stays below the
      // rate limit.
      sendNext(300);
      await delay(5);
      const stopped = server.terminate(signal);
      while (socket.connected) {
        if (sent.length < 800) sendNext(20);
        await delay(1);
      }
      expect(await stopped).toBe(0);
      expect(server.running).toBe(false);
      expect((await draining).reconnectInMs).toBeGreaterThan(0);

      await server.restart();
      const outcomes = await Promise.all(acks);
      const acknowledged = outcomes.flatMap((ack) => (ack?.ok ? [ack.clientMessageId] : []));
      expect(acknowledged.length).toBeGreaterThan(0);
      for (const ack of outcomes) {
        if (ack?.ok === false) expect(ack.error).toMatchObject({ code: 'UNAVAILABLE' });
      }
      const storedTexts = async () =>
        (await ann.history('general')).map(({ text }) => text).toSorted();
      expect(await storedTexts()).toEqual(acknowledged.toSorted());

      for (const [n, text] of sent.entries()) {
        if (!outcomes[n]?.ok) expect(await send(text)).toMatchObject({ ok: true });
      }
      expect(await storedTexts()).toEqual(sent.toSorted());
      ann.close();
      await server.close();
    });
  });

  it('exits with a one-line error when another process uses the data directory', async () => {
    expectOneLine(await secondStart, /^DATA_DIR: .*in use by another process/);
    await runningServer.terminate('SIGKILL');
    const second = await StandaloneProcess.start({ dataDir: usedDir });
    await second.close();
  });
});
