import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

/**
 * Interval at which sessions and memberships are rechecked in case a signal was lost: shorter
 * than the lifetime of cached responses (10 s), so that sends find fresh ones.
 */
const RECHECK_INTERVAL_MS = 8_000;

/** Periodically rechecks what features know about open sockets, in case a signal was lost. */
@Injectable()
export class SocketRechecks implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(SocketRechecks.name);
  readonly #rechecks: (() => Promise<void>)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #rechecking = false;
  /** Whether the last recheck failed; a failure is logged once, until a recheck succeeds. */
  #failing = false;

  /** Registers a recheck; all of them run concurrently. */
  register(recheck: () => Promise<void>): void {
    this.#rechecks.push(recheck);
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.#recheck(), RECHECK_INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #recheck(): Promise<void> {
    if (this.#rechecking) return;
    this.#rechecking = true;
    const outcomes = await Promise.allSettled(this.#rechecks.map((recheck) => recheck()));
    this.#rechecking = false;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed && !this.#failing) {
      this.#logger.warn(
        { err: failed.reason as unknown },
        'recheck of sockets failed; using cached answers',
      );
    }
    if (!failed && this.#failing) this.#logger.log('recheck of sockets succeeded again');
    this.#failing = failed !== undefined;
  }
}
