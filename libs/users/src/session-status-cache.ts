import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SESSION_ENDED, SessionStatus } from '@chat/auth';
import { growingLruCache, mapInChunks } from '@chat/platform/collections';
import { Signals } from '@chat/platform/signals';
import { SessionStore } from './session-store.ts';

const MAX_ENTRIES = 50_000;
/** Maximum number of ids per query: the store serves other calls in between. */
const MAX_IDS_PER_QUERY = 1_000;
/**
 * Lifetime of an entry in milliseconds: how long an ended session can still count as active if its
 * `session-ended` signal is lost.
 */
const MAX_AGE_MS = 10_000;

/** Caches whether sessions are active, so that most requests do not query the store. */
@Injectable()
export class SessionStatusCache extends SessionStatus implements OnModuleDestroy {
  readonly #cache = growingLruCache<boolean>(MAX_ENTRIES, { ttl: MAX_AGE_MS });
  readonly #unsubscribe: () => void;

  constructor(
    private readonly store: SessionStore,
    signals: Signals,
  ) {
    super();
    this.#unsubscribe = signals.on(SESSION_ENDED, ({ sessionId }) => this.markEnded(sessionId));
  }

  onModuleDestroy(): void {
    this.#unsubscribe();
  }

  async isActive(sessionId: string): Promise<boolean> {
    const cached = this.#cache.get(sessionId);
    if (cached !== undefined) return cached;
    return (await this.filterActive([sessionId])).has(sessionId);
  }

  async filterActive(sessionIds: readonly string[]): Promise<Set<string>> {
    const now = new Date().toISOString();
    const found = await mapInChunks(sessionIds, MAX_IDS_PER_QUERY, (chunk) =>
      this.store.findByIds(chunk, now),
    );
    const activeIds = new Set(found.map(({ id }) => id));
    for (const sessionId of sessionIds) {
      // The session may have ended during the query; an ended session never becomes active again.
      if (this.#cache.get(sessionId) === false) activeIds.delete(sessionId);
      this.#cache.set(sessionId, activeIds.has(sessionId));
    }
    return activeIds;
  }

  /** Records the end of a session; an ended session never becomes active again. */
  markEnded(sessionId: string): void {
    this.#cache.set(sessionId, false);
  }
}
