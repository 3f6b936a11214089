import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';

/** Small against every wait of the client, so that sockets have their turn many times within each. */
const STEP_MS = 20;

/**
 * Runs the clocks and timers of this process fast: by 20 ms for each turn of the event loop, which lasts at least one and
 * serves real sockets as well. A busy machine slows both alike.
 */
export class FastClock {
  #stopped = false;
  readonly #running: Promise<void>;

  private constructor() {
    this.#running = this.#run();
  }

  /** Replaces clocks and timers until `stop()`. */
  static start(): FastClock {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    return new FastClock();
  }

  /** Brings the real clocks and timers back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    jest.useRealTimers();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await jest.advanceTimersByTimeAsync(STEP_MS);
      await delay(1);
    }
  }
}
