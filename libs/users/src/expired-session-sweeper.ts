import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SessionStore } from './session-store.ts';

const INTERVAL_MS = 60 * 60 * 1000;

/** Deletes expired sessions from the store, at startup and every hour. */
@Injectable()
export class ExpiredSessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger(ExpiredSessionSweeper.name);
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(private readonly store: SessionStore) {}

  onApplicationBootstrap(): void {
    this.#sweeping = this.#sweep();
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweep();
    }, INTERVAL_MS).unref();
  }

  /** Stops the timer and waits for a running sweep, so that the store can be closed afterwards. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    try {
      const deleted = await this.store.deleteExpired(new Date().toISOString());
      if (deleted > 0) this.#logger.log({ deleted }, 'expired sessions deleted');
    } catch (error) {
      this.#logger.warn({ err: error }, 'deleting expired sessions failed; retrying later');
    }
  }
}
