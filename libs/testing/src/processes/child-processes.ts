import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for the line that reports that the child has exited; if the input ends before that line,
 * this process has exited.
 */
const WATCHDOG = 'read -r ended || kill -s KILL -- "-$0"';

/** RabbitMQ loses a signal that arrives early during its startup. */
const SIGNAL_RETRY_MS = 3_000;
const STOP_TIMEOUT_MS = 30_000;

/** In the order in which they were started. */
const running = new Set<ChildProcess>();

/**
 * Kills the process group of a child when this process exits, even after `kill -9`: a watchdog
 * shell reads from a pipe that the system then closes.
 *
 * @param child must lead a process group
 */
export function killWithParent(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.on('error', () => undefined).unref();
  watchdog.stdin.on('error', () => undefined);
  (watchdog.stdin as Socket).unref();
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    watchdog.stdin.end('ended\n');
  });
}

/**
 * Stops every server that this process has started with SIGTERM, newest first, for example when
 * startup is interrupted. Gives up after 30 s: remaining servers are killed when this process
 * exits.
 */
export async function stopChildProcesses(): Promise<void> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  for (let child = newest(); child && performance.now() < deadline; child = newest()) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exited, delay(SIGNAL_RETRY_MS, undefined, { ref: false })]);
  }
}

function newest(): ChildProcess | undefined {
  return [...running].at(-1);
}
