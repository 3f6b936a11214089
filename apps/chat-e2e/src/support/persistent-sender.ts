import { setTimeout as delay } from 'node:timers/promises';
import type { ClientSocket } from './account.ts';
import { emitWithAck } from './emit-with-ack.ts';

export interface Acknowledged {
  readonly clientMessageId: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Sends messages one by one, each with retries until it is acknowledged, across server restarts.
 */
export class PersistentSender {
  readonly acknowledged: Acknowledged[] = [];
  /** Times of retries, in milliseconds since the epoch. */
  readonly retries: number[] = [];
  #stopped = false;

  constructor(
    private readonly socket: ClientSocket,
    private readonly roomId: string,
    private readonly name: string,
  ) {}

  async run(): Promise<void> {
    for (let n = 1; !this.#stopped; n += 1) await this.#deliver(`${this.name}-${n}`);
  }

  /** Ends `run` once the message in flight is acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  async #deliver(clientMessageId: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > 1) this.retries.push(Date.now());
      try {
        const answer = await emitWithAck(
          this.socket,
          'sendMessage',
          { roomId: this.roomId, text: `text of ${clientMessageId}`, clientMessageId },
          2_000,
        );
        if (answer.ok) {
          this.acknowledged.push({ clientMessageId, id: answer.id, at: Date.now() });
          return;
        }
        await delay(answer.error.retryAfterMs ?? 50);
      } catch {
        // No answer: the message may be stored or not. The retry has the same clientMessageId.
        await delay(20);
      }
    }
  }
}
