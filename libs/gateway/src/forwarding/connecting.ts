import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RefusedError, type Instance } from '../upstreams/instance.ts';
import type { UpstreamPool } from '../upstreams/upstream-pool.ts';

/** Longest wait for a connection to one instance. */
const CONNECT_TIMEOUT_MS = 1_000;
const PAUSE_MS = 100;

/** A connection to an instance over which nothing was sent yet. */
export interface Connected {
  readonly instance: Instance;
  readonly socket: Socket;
}

/**
 * Connects to any instance that lives, trying on as long as none does. Nothing
 * has been sent before it resolves, so this is safe for every request.
 *
 * @param signal aborts when nobody waits any more
 * @returns undefined when nobody was there in time, or the signal was aborted
 */
export async function connectToAny(
  pool: UpstreamPool,
  tryForMs: number,
  signal: AbortSignal,
): Promise<Connected | undefined> {
  const deadline = performance.now() + tryForMs;
  for (;;) {
    const instance = pool.choose();
    if (instance) {
      const connected = await connectTo(instance, pool);
      if (connected) return connected;
    } else {
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
    if (performance.now() > deadline || signal.aborted) return undefined;
  }
}

/** @returns undefined when the instance refuses; it then is out of the pool */
export async function connectTo(
  instance: Instance,
  pool: UpstreamPool,
): Promise<Connected | undefined> {
  try {
    return { instance, socket: await instance.connect(CONNECT_TIMEOUT_MS) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    pool.reportRefused(instance);
    return undefined;
  }
}
