import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a word that the child has ended; input that ends without it means that we have. */
const WATCHDOG = 'read -r ended || kill -s KILL -- "-$0"';

/** RabbitMQ loses a signal that comes while it begins to start. */
const ASK_AGAIN_AFTER_MS = 3_000;
const PATIENCE_MS = 30_000;

/** In the order in which they were started. */
const running = new Set<ChildProcess>();

/**
 * Has a child, which must lead a process group, end with this process however
 * that ends, `kill -9` included: a shell waits at a pipe that the system then closes.
 */
export function endWithUs(child: ChildProcess): void {
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
 * Ends every server that this process has started, in its own way and the newest
 * first, as when a start is interrupted. Gives up in the end: what is left ends with us.
 */
export async function endOwnProcesses(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let child = newest(); child && performance.now() < deadline; child = newest()) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exited, delay(ASK_AGAIN_AFTER_MS, undefined, { ref: false })]);
  }
}

function newest(): ChildProcess | undefined {
  return [...running].at(-1);
}
