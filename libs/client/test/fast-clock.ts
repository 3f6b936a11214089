import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';

/** Small compared with every wait of the client, so that sockets are served often within each. */
const STEP_MS = 20;

/**
 * Speeds up the clocks and timers of this process: by 20 ms per turn of the event loop, which takes
 * at least 1 ms and also serves real sockets. A busy machine slows both equally.
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

  /** Restores the real clocks and timers. */
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
