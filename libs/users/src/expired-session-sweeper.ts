import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SessionStore } from './session-store.ts';

const INTERVAL_MS = 60 * 60 * 1000;

/** Removes expired sessions from the store, at start and every hour. */
@Injectable()
export class ExpiredSessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ExpiredSessionSweeper.name);
  private timer?: NodeJS.Timeout;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(private readonly store: SessionStore) {}

  onApplicationBootstrap(): void {
    this.sweeping = this.sweep();
    this.timer = setInterval(() => {
      this.sweeping = this.sweep();
    }, INTERVAL_MS).unref();
  }

  /** Waits for a sweep under way, so that the store can be closed. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    try {
      const removed = await this.store.deleteExpired(new Date().toISOString());
      if (removed > 0) this.logger.log({ removed }, 'Expired sessions were removed');
    } catch (error) {
      this.logger.warn({ err: error }, 'Expired sessions could not be removed; trying again later');
    }
  }
}
