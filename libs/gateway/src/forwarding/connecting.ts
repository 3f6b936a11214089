import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalFailureError, RefusedError, type Instance } from '../upstreams/instance.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

const PAUSE_MS = 100;

/** A connection to an instance over which nothing was sent yet. */
export interface Connected {
  readonly instance: Instance;
  readonly socket: Socket;
}

/**
 * Chooses an instance that lives, waiting while none does.
 *
 * @param deadline by `performance.now()`
 * @param signal aborts when the client has gone
 * @returns undefined when none lived in time, or the signal was aborted
 */
export async function chooseUntil(
  deadline: number,
  pool: UpstreamPool,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  for (;;) {
    if (signal.aborted) return undefined;
    const instance = pool.choose();
    if (instance) return instance;
    if (performance.now() > deadline) return undefined;
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Connects to any instance that lives, trying on as long as none does. Nothing
 * has been sent before it resolves, so this is safe for every request.
 *
 * @param signal aborts when the client has gone
 * @returns undefined when nobody was there in time, or the signal was aborted
 * @throws LocalFailureError
 */
export async function connectToAny(
  pool: UpstreamPool,
  tryForMs: number,
  signal: AbortSignal,
): Promise<Connected | undefined> {
  const deadline = performance.now() + tryForMs;
  do {
    const instance = await chooseUntil(deadline, pool, signal);
    if (!instance) return undefined;
    const connected = await connectTo(instance, pool);
    if (connected) return connected;
  } while (performance.now() <= deadline);
  return undefined;
}

/**
 * @returns undefined when the instance refuses; it then is out of the pool
 * @throws LocalFailureError
 */
export async function connectTo(
  instance: Instance,
  pool: UpstreamPool,
): Promise<Connected | undefined> {
  try {
    return { instance, socket: await instance.connect() };
  } catch (error) {
    if (error instanceof LocalFailureError) pool.reportLocalFailure(error.code);
    if (!(error instanceof RefusedError)) throw error;
    pool.reportRefused(instance);
    return undefined;
  }
}
