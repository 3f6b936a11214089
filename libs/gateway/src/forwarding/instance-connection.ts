import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  InstanceUnreachableError,
  LocalFailureError,
  type Instance,
} from '../upstreams/instance.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const RETRY_PAUSE_MS = 100;

/** A new connection to an instance, over which nothing has been sent. */
export interface InstanceConnection {
  readonly instance: Instance;
  readonly socket: Socket;
}

/**
 * Chooses an available instance, and waits while there is none.
 *
 * @param deadline by `performance.now()`
 * @param signal aborts when the client disconnects
 * @returns undefined when no instance was available in time, or the signal was aborted
 */
export async function waitForInstance(
  deadline: number,
  pool: UpstreamPool,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  for (;;) {
    if (signal.aborted) return undefined;
    const instance = pool.choose();
    if (instance) return instance;
    if (performance.now() > deadline) return undefined;
    await delay(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Connects to any available instance, and retries while there is none. Nothing is sent
 * before it resolves, so a retry is safe for every request.
 *
 * @param signal aborts when the client disconnects
 * @returns undefined when no instance was reachable in time, or the signal was aborted
 * @throws LocalFailureError
 */
export async function connectToAnyInstance(
  pool: UpstreamPool,
  tryForMs: number,
  signal: AbortSignal,
): Promise<InstanceConnection | undefined> {
  const deadline = performance.now() + tryForMs;
  do {
    const instance = await waitForInstance(deadline, pool, signal);
    if (!instance) return undefined;
    const connected = await connectTo(instance, pool);
    if (connected) return connected;
  } while (performance.now() <= deadline);
  return undefined;
}

/**
 * Connects to one instance.
 *
 * @returns undefined when the instance is unreachable; it is then marked as unavailable
 * @throws LocalFailureError
 */
export async function connectTo(
  instance: Instance,
  pool: UpstreamPool,
): Promise<InstanceConnection | undefined> {
  try {
    return { instance, socket: await instance.connect() };
  } catch (error) {
    if (error instanceof LocalFailureError) pool.reportLocalFailure(error.code);
    if (!(error instanceof InstanceUnreachableError)) throw error;
    pool.reportUnreachable(instance);
    return undefined;
  }
}
