import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt, Outcome, Send } from '../check/observation.ts';
import type { PlainClient } from './plain-client.ts';

const RETRY_MS = 50;
const CONNECTION_CHECK_MS = 20;
/**
 * Time limit for all attempts to send a message, so that a server that never accepts it does not
 * block a run.
 */
const GIVE_UP_AFTER_MS = 40_000;

/** A send whose attempts are still recorded. */
interface MutableSend extends Send {
  readonly attempts: Attempt[];
}

export interface RoomSenderOptions {
  readonly client: PlainClient;
  readonly roomId: string;
  /** Prefix of its client message ids. */
  readonly name: string;
  /** Number of messages sent concurrently. */
  readonly inFlight: number;
  /** Pause between the acknowledgements of a batch and the next batch. */
  readonly pauseMs: number;
}

/**
 * Sends batches of messages to a room in order. Failed messages are retried in order, with the
 * same ids, before the next batch.
 */
export class RoomSender {
  readonly #options: RoomSenderOptions;
  readonly #sends: MutableSend[] = [];
  readonly #stopped = new AbortController();

  constructor(options: RoomSenderOptions) {
    this.#options = options;
  }

  /** All messages that it sent or tried to send. */
  get sends(): readonly Send[] {
    return this.#sends;
  }

  /** Sends until `stop`; resolves once every message is acknowledged or abandoned. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    await delay(Math.random() * this.#options.pauseMs);
    while (!signal.aborted) {
      await this.#deliver(this.#createBatch());
      await delay(this.#options.pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Describes the messages that are not acknowledged yet. */
  unsettled(): string[] {
    return this.#sends
      .filter(({ attempts }) => attempts.at(-1)?.outcome.kind !== 'ok')
      .map(({ clientMessageId }) => `${clientMessageId} is not acknowledged`);
  }

  stop(): void {
    this.#stopped.abort();
  }

  #createBatch(): MutableSend[] {
    const { client, roomId, name, inFlight } = this.#options;
    const sends: MutableSend[] = [];
    for (let count = 0; count < inFlight; count += 1) {
      const clientMessageId = `${name}-${this.#sends.length + 1}`;
      const text = `text of ${clientMessageId}`;
      const send = { clientMessageId, roomId, userId: client.userId, text, attempts: [] };
      this.#sends.push(send);
      sends.push(send);
    }
    return sends;
  }

  async #deliver(sends: readonly MutableSend[]): Promise<void> {
    const deadline = performance.now() + GIVE_UP_AFTER_MS;
    let remaining = sends;
    while (remaining.length > 0 && performance.now() < deadline) {
      const connection = this.#options.client.connectionName;
      if (connection === undefined) {
        await delay(CONNECTION_CHECK_MS);
        continue;
      }
      const outcomes = await Promise.all(remaining.map((send) => this.#attempt(send, connection)));
      const waits = outcomes.map((outcome) =>
        outcome.kind === 'error' ? (outcome.retryAfterMs ?? RETRY_MS) : 0,
      );
      remaining = remaining.filter((_, index) => outcomes[index]?.kind !== 'ok');
      if (remaining.length > 0) await delay(Math.max(RETRY_MS, ...waits));
    }
  }

  async #attempt(send: MutableSend, connection: string): Promise<Outcome> {
    const { client } = this.#options;
    const { roomId, clientMessageId, text } = send;
    const startedAt = Date.now();
    const number = client.nextAttemptNumber();
    const outcome = await client
      .request('sendMessage', { roomId, clientMessageId, text })
      .then((ack): Outcome => {
        const time = Date.now();
        if (ack.ok) return { kind: 'ok', id: ack.id, time };
        // The acknowledgement of a faulty server may have any shape.
        const error = ack.error as Partial<typeof ack.error> | undefined;
        return { kind: 'error', code: error?.code, retryAfterMs: error?.retryAfterMs, time };
      })
      .catch((): Outcome => ({ kind: 'no-ack', time: Date.now() }));
    send.attempts.push({ startedAt, connection, number, outcome });
    return outcome;
  }
}
