import { SessionStatus } from '@chat/auth';
import type { Signals } from '@chat/platform';
import { LRUCache } from 'lru-cache';
import type { ServiceClient } from '../service-client.ts';
import { SESSION_ACTIVE_CALL } from './session-status-calls.ts';

const MAX_KNOWN = 50_000;
/** How late the end of a session may be noticed when its signal was lost. */
const FRESH_MS = 10_000;

interface Known {
  readonly active: boolean;
  readonly askedAt: number;
}

/**
 * Whether a session lives, of the users service. While that cannot be reached,
 * what was known of a session stands: who is signed in stays signed in.
 */
export class HttpSessionStatus extends SessionStatus {
  readonly #known = new LRUCache<string, Known>({ max: MAX_KNOWN });
  readonly #unsubscribe: () => void;

  constructor(
    private readonly users: ServiceClient,
    signals: Signals,
  ) {
    super();
    this.#unsubscribe = signals.subscribe((signal) => {
      if (signal.type === 'session-ended') this.#tell(signal.sessionId, false);
    });
  }

  async isActive(sessionId: string): Promise<boolean> {
    const known = this.#known.get(sessionId);
    if (known && (!known.active || Date.now() - known.askedAt < FRESH_MS)) return known.active;
    try {
      const { path, answer } = SESSION_ACTIVE_CALL;
      const { active } = await this.users.call(path, { sessionId }, answer);
      // One that ended while the answer was on its way has ended.
      if (this.#known.get(sessionId)?.active !== false) this.#tell(sessionId, active);
      return this.#known.get(sessionId)?.active ?? active;
    } catch (error) {
      if (known) return known.active;
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.#unsubscribe();
  }

  #tell(sessionId: string, active: boolean): void {
    this.#known.set(sessionId, { active, askedAt: Date.now() });
  }
}
