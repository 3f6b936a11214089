import { growingLruCache } from './growing-lru-cache.ts';

/** Users whose debts are remembered; a forgotten one has none. */
const MAX_USERS = 10_000;

interface Debt {
  readonly bytes: number;
  /** As `performance.now()` counts. */
  readonly at: number;
}

/**
 * Bounds the bytes that each user reads by a rate and a burst. What is read is a
 * debt that decreases with time; a user whose debt exceeds the burst waits.
 */
export class ReadAllowance {
  readonly #debts = growingLruCache<Debt>(MAX_USERS);

  constructor(
    private readonly bytesPerSecond: number,
    private readonly burstBytes: number,
  ) {}

  /** Milliseconds until the user may read again; 0 when it may read now. */
  waitMs(userId: string): number {
    const excess = this.#debtOf(userId) - this.burstBytes;
    return excess <= 0 ? 0 : Math.ceil((excess / this.bytesPerSecond) * 1_000);
  }

  /** @param bytes negative for what was charged and not read */
  charge(userId: string, bytes: number): void {
    const owed = Math.max(0, this.#debtOf(userId) + bytes);
    this.#debts.set(userId, { bytes: owed, at: performance.now() });
  }

  #debtOf(userId: string): number {
    const debt = this.#debts.get(userId);
    if (!debt) return 0;
    const paid = ((performance.now() - debt.at) / 1_000) * this.bytesPerSecond;
    return Math.max(0, debt.bytes - paid);
  }
}
