import { RETRYABLE_CODES } from '@chat/contracts';
import { Failure, UnavailableError } from '@chat/platform';

/** Sends of one socket that wait for their answer; more are refused. */
const MAX_PENDING = 500;

interface PendingSend {
  overtaken: boolean;
}

/**
 * Keeps the sends of one socket to one room in order. They are handed over one
 * after the other and then travel together; when one of them fails in a way
 * that makes its sender repeat it, the later ones fail too, so that what was
 * answered with `ok` is stored in the order of sending.
 */
export class SendOrder {
  #turn: Promise<unknown> = Promise.resolve();
  readonly #pending = new Set<PendingSend>();

  get idle(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * @param start runs when its turn has come, and hands the send over; the
   * promise that it wraps settles with the outcome.
   */
  async run<T>(start: () => Promise<{ outcome: Promise<T> }>): Promise<T> {
    if (this.#pending.size >= MAX_PENDING) {
      throw new UnavailableError('Too many of your messages wait to be stored.', 1_000);
    }
    const send: PendingSend = { overtaken: false };
    this.#pending.add(send);
    const started = this.#turn.then(() => {
      refuseOvertaken(send);
      return start();
    });
    this.#turn = started.catch(() => undefined);
    try {
      const { outcome } = await started;
      const result = await outcome;
      refuseOvertaken(send);
      return result;
    } catch (error) {
      if (isRepeatable(error)) this.#failLaterThan(send);
      throw error;
    } finally {
      this.#pending.delete(send);
    }
  }

  #failLaterThan(failed: PendingSend): void {
    let later = false;
    for (const send of this.#pending) {
      if (later) send.overtaken = true;
      if (send === failed) later = true;
    }
  }
}

function refuseOvertaken(send: PendingSend): void {
  if (send.overtaken) {
    throw new UnavailableError('An earlier message of yours was not stored; send it first.', 100);
  }
}

function isRepeatable(error: unknown): boolean {
  return !(error instanceof Failure) || RETRYABLE_CODES.has(error.code);
}
