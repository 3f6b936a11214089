import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../eventually.ts';
import { ServerProcess, type ServerCommand } from './server-process.ts';

/** Starts a server and runs until it is killed. */
const RUNNER = `
  import { ServerProcess } from ${JSON.stringify(new URL('server-process.ts', import.meta.url).href)};
  const server = new ServerProcess({
    name: 'sleeper', command: 'sleep', args: ['600'], isReady: () => true, startTimeoutMs: 1_000,
  });
  await server.start();
  await server.freeze();
  console.log(server.pid);
  setInterval(() => undefined, 60_000);
`;
const NODE_OPTIONS = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
];

describe('ServerProcess', () => {
  let server: ServerProcess | undefined;
  afterEach(() => server?.kill());

  function shell(script: string, options: Partial<ServerCommand> = {}): ServerProcess {
    server = new ServerProcess({
      name: 'server',
      command: 'sh',
      args: ['-c', script],
      isReady: (output) => output.includes('ready'),
      startTimeoutMs: 10_000,
      ...options,
    });
    return server;
  }

  it('rejects start() early, with the output, when the process exits before it is ready', async () => {
    const startedAt = performance.now();
    await expect(shell('echo PORT: in use; exit 2').start()).rejects.toThrow(
      'server exited with 2:\nPORT: in use\n',
    );
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('rejects start() and terminates the process when it is not ready in time', async () => {
    const slow = shell('echo wait; exec sleep 600', { startTimeoutMs: 200 });
    await expect(slow.start()).rejects.toThrow('server was not ready in time:\nwait\n');
    expect(slow.pid).toBeUndefined();
  });

  it('rejects start() when the program is not installed', async () => {
    await expect(shell('', { command: 'no-such-server' }).start()).rejects.toThrow(
      'server is not installed (no-such-server).',
    );
  });

  it('is killed when its parent is killed, even if it is frozen', async () => {
    const runner = spawn(process.execPath, [...NODE_OPTIONS, '--eval', RUNNER], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(runner.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    runner.kill('SIGKILL');
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });
});

/**
 * Returns whether a process is running; an exited process may remain as a zombie until it is
 * reaped.
 */
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
