import { SESSION_ENDED, SessionStatus } from '@chat/auth';
import {
  growingLruCache,
  mapInChunks,
  StaleWhileRevalidateCache,
} from '@chat/platform/collections';
import type { Signals } from '@chat/platform/signals';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ServiceClient } from '../service-client.ts';
import { ACTIVE_SESSIONS_CALL, MAX_SESSIONS_PER_CALL } from './session-status-calls.ts';

const MAX_CACHED = 50_000;
/**
 * How long a cached status is fresh: if the signal for an ended session is lost, the session is
 * active for up to this long, or longer while `users` does not respond.
 */
const FRESH_MS = 10_000;

/**
 * SessionStatus that calls the `users` service. While it is unreachable, cached values are used, so
 * that signed-in users stay signed in.
 */
export class HttpSessionStatus extends SessionStatus implements OnApplicationShutdown {
  readonly #cache = new StaleWhileRevalidateCache<boolean>({ max: MAX_CACHED, freshMs: FRESH_MS });
  /** Sessions whose end was signalled; overrides responses that were sent before the end. */
  readonly #ended = growingLruCache<true>(MAX_CACHED);
  readonly #unsubscribe: () => void;

  constructor(
    private readonly users: ServiceClient,
    signals: Signals,
  ) {
    super();
    this.#unsubscribe = signals.on(SESSION_ENDED, ({ sessionId }) => {
      this.#ended.set(sessionId, true);
    });
  }

  async isActive(sessionId: string): Promise<boolean> {
    if (this.#ended.has(sessionId)) return false;
    return this.#cache.get(sessionId, async () =>
      (await this.#fetchActive([sessionId])).has(sessionId),
    );
  }

  async filterActive(sessionIds: readonly string[]): Promise<Set<string>> {
    const isActive = await this.#cache.refresh(sessionIds, async () => {
      const activeIds = await this.#fetchActive(sessionIds);
      return sessionIds.map((sessionId) => activeIds.has(sessionId));
    });
    return new Set(
      sessionIds.filter((sessionId, index) => isActive[index] && !this.#ended.has(sessionId)),
    );
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
  }

  async #fetchActive(sessionIds: readonly string[]): Promise<Set<string>> {
    const { path, response } = ACTIVE_SESSIONS_CALL;
    const activeIds = await mapInChunks(sessionIds, MAX_SESSIONS_PER_CALL, async (chunk) => {
      return (await this.users.call(path, { sessionIds: chunk }, response)).active;
    });
    return new Set(activeIds);
  }
}
