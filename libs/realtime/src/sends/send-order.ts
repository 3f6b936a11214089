import { RETRYABLE_CODES } from '@chat/contracts';
import { Failure, UnavailableError } from '@chat/platform/failures';

/** Maximum number of pending sends per socket and room; further sends are rejected. */
const MAX_PENDING = 500;

interface PendingSend {
  /** Whether an earlier send failed, so that this one must also fail. */
  mustFail: boolean;
}

/**
 * Keeps the sends of one socket to one room in order. They are published in sequence and are then
 * in flight together; when one of them fails with an error that the sender retries, the later ones
 * also fail, even those that the server has received but not handled yet, so that all sends
 * acknowledged with `ok` are stored in the order of sending.
 */
export class SendOrder {
  #lastStarted: Promise<unknown> = Promise.resolve();
  readonly #pending = new Set<PendingSend>();
  /** Number of failed sends whose later sends have not all been handled. */
  #failing = 0;

  /** @param whenHandled resolves once every event that the socket has sent so far is handled */
  constructor(private readonly whenHandled: () => Promise<void>) {}

  /** Whether no send is pending. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * Runs a send after the earlier ones have started, and returns its outcome.
   *
   * @param start publishes the message; called as soon as all earlier sends have been published.
   * Resolves to an object with a promise of the outcome.
   * @throws UnavailableError when an earlier send failed or too many are pending
   */
  async run<T>(start: () => Promise<{ outcome: Promise<T> }>): Promise<T> {
    if (this.#pending.size >= MAX_PENDING) {
      throw new UnavailableError('Too many of your messages are waiting. Please try again.', 1_000);
    }
    const send: PendingSend = { mustFail: this.#failing > 0 };
    this.#pending.add(send);
    const started = this.#lastStarted.then(() => {
      throwIfMustFail(send);
      return start();
    });
    this.#lastStarted = started.catch(() => undefined);
    try {
      const { outcome } = await started;
      const result = await outcome;
      throwIfMustFail(send);
      return result;
    } catch (error) {
      if (isRetryable(error)) await this.#failSendsAfter(send);
      throw error;
    } finally {
      this.#pending.delete(send);
    }
  }

  async #failSendsAfter(failed: PendingSend): Promise<void> {
    let later = false;
    for (const send of this.#pending) {
      if (later) send.mustFail = true;
      if (send === failed) later = true;
    }
    // An earlier failure has done the rest.
    if (failed.mustFail) return;
    this.#failing += 1;
    await this.whenHandled();
    this.#failing -= 1;
  }
}

function throwIfMustFail(send: PendingSend): void {
  if (send.mustFail) {
    throw new UnavailableError('An earlier message was not stored. Please resend it first.', 100);
  }
}

function isRetryable(error: unknown): boolean {
  return !(error instanceof Failure) || RETRYABLE_CODES.has(error.code);
}
