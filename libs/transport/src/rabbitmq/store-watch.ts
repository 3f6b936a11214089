import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { within } from './time-limit.ts';

/** Longest wait for an answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Whether this instance reaches its store: asked when somebody has reason to doubt it, and then until it answers. */
export class StoreWatch {
  readonly #logger = new Logger('Partitions');
  readonly #stopping = new AbortController();
  #asking = false;
  #lost = false;

  /**
   * @param answer rejects while the store cannot be reached
   * @param intervalMs from one question to the next while the store is lost
   * @param changed told when the store is lost, and when it is back
   */
  constructor(
    private readonly answer: () => Promise<unknown>,
    private readonly intervalMs: number,
    private readonly changed: () => void,
  ) {}

  get lost(): boolean {
    return this.#lost;
  }

  /** Something could not be stored. */
  doubt(): void {
    if (!this.#asking) void this.#ask();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping;
    this.#asking = true;
    while (!(await this.#answers()) && !signal.aborted) {
      this.#become('lost');
      await delay(this.intervalMs, undefined, { signal }).catch(() => undefined);
    }
    this.#asking = false;
    if (!signal.aborted) this.#become('back');
  }

  async #answers(): Promise<boolean> {
    try {
      await within(ANSWER_TIMEOUT_MS, this.answer());
      return true;
    } catch {
      return false;
    }
  }

  #become(state: 'lost' | 'back'): void {
    const lost = state === 'lost';
    if (lost === this.#lost) return;
    this.#lost = lost;
    if (lost) this.#logger.warn('The store does not answer: others may have the partitions.');
    else this.#logger.log('The store answers again.');
    this.changed();
  }
}
