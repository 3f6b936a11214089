import { Backoff, MAX_TIMER_MS } from '../backoff.ts';
import type { ChatError } from '../chat-error.ts';
import type { Session } from '../session/session.ts';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** Refreshes the access token whenever it is due, while the socket is open. */
export class RefreshTimer {
  readonly #session: Session;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Starts, or restarts for a new token. */
  start(): void {
    this.#running = true;
    const { refreshAt } = this.#session;
    if (refreshAt === undefined) return;
    this.#backoff.reset();
    this.#refreshIn(Math.min(Math.max(0, refreshAt - Date.now()), MAX_TIMER_MS));
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #refreshIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#session.refreshWhenDue().then(
        () => {
          // It may not have been due yet: timers can fire early, and clocks can be set back.
          if (this.#running) this.start();
        },
        (error: unknown) => {
          if (this.#running) this.#refreshIn(this.#backoff.next((error as ChatError).retryAfterMs));
        },
      );
    }, ms);
  }
}
