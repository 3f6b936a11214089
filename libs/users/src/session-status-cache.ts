import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SessionStatus } from '@chat/auth';
import { growingLruCache, inParts, Signals } from '@chat/platform';
import { SessionStore } from './session-store.ts';

const MAX_ENTRIES = 50_000;
/** The store answers others in between. */
const MAX_ASKED_AT_ONCE = 1_000;
/** How late the end of a session may be noticed when its signal was lost, in milliseconds. */
const MAX_AGE_MS = 10_000;

/** Answers for every request whether its session lives, mostly without asking the store. */
@Injectable()
export class SessionStatusCache extends SessionStatus implements OnModuleDestroy {
  private readonly known = growingLruCache<boolean>(MAX_ENTRIES, { ttl: MAX_AGE_MS });
  private readonly unsubscribe: () => void;

  constructor(
    private readonly store: SessionStore,
    signals: Signals,
  ) {
    super();
    this.unsubscribe = signals.subscribe((signal) => {
      if (signal.type === 'session-ended') this.ended(signal.sessionId);
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  async isActive(sessionId: string): Promise<boolean> {
    const known = this.known.get(sessionId);
    if (known !== undefined) return known;
    return (await this.recheck([sessionId])).has(sessionId);
  }

  async recheck(sessionIds: readonly string[]): Promise<Set<string>> {
    const now = new Date().toISOString();
    const found = await inParts(sessionIds, MAX_ASKED_AT_ONCE, (some) =>
      this.store.findByIds(some, now),
    );
    const active = new Set(found.map(({ id }) => id));
    for (const sessionId of sessionIds) {
      // It may have ended while the store was asked, and one that ended never lives again.
      if (this.known.get(sessionId) === false) active.delete(sessionId);
      this.known.set(sessionId, active.has(sessionId));
    }
    return active;
  }

  /** From now on the session is known to have ended; one that ended never lives again. */
  ended(sessionId: string): void {
    this.known.set(sessionId, false);
  }
}
