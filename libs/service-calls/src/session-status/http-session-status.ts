import { SessionStatus } from '@chat/auth';
import { growingLruCache, inParts, KeptAnswers, type Signals } from '@chat/platform';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ServiceClient } from '../service-client.ts';
import { ACTIVE_SESSIONS_CALL, MAX_SESSIONS_PER_CALL } from './session-status-calls.ts';

const MAX_KNOWN = 50_000;
/** How late the end of a session may be noticed when its signal was lost, in milliseconds. */
const FRESH_MS = 10_000;

/**
 * Whether a session lives, of the users service. While that cannot be reached,
 * what was known of a session stands: who is signed in stays signed in.
 */
export class HttpSessionStatus extends SessionStatus implements OnApplicationShutdown {
  readonly #known = new KeptAnswers<boolean>({ max: MAX_KNOWN, freshMs: FRESH_MS });
  /** Those whose end was told: they never live again. What was answered may have been too old. */
  readonly #ended = growingLruCache<true>(MAX_KNOWN);
  readonly #unsubscribe: () => void;

  constructor(
    private readonly users: ServiceClient,
    signals: Signals,
  ) {
    super();
    this.#unsubscribe = signals.subscribe((signal) => {
      if (signal.type === 'session-ended') this.#ended.set(signal.sessionId, true);
    });
  }

  async isActive(sessionId: string): Promise<boolean> {
    if (this.#ended.has(sessionId)) return false;
    return this.#known.get(sessionId, async () => (await this.#ask([sessionId])).has(sessionId));
  }

  async recheck(sessionIds: readonly string[]): Promise<Set<string>> {
    const isActive = await this.#known.refresh(sessionIds, async () => {
      const active = await this.#ask(sessionIds);
      return sessionIds.map((sessionId) => active.has(sessionId));
    });
    return new Set(
      sessionIds.filter((sessionId, index) => isActive[index] && !this.#ended.has(sessionId)),
    );
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
  }

  async #ask(sessionIds: readonly string[]): Promise<Set<string>> {
    const { path, answer } = ACTIVE_SESSIONS_CALL;
    const active = await inParts(sessionIds, MAX_SESSIONS_PER_CALL, async (some) => {
      return (await this.users.call(path, { sessionIds: some }, answer)).active;
    });
    return new Set(active);
  }
}
