import { setTimeout as delay } from 'node:timers/promises';
import type { ClientSocket } from './test-user.ts';
import { emitWithAck } from './emit-with-ack.ts';

export interface AcknowledgedMessage {
  readonly clientMessageId: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly acknowledgedAt: number;
}

/**
 * Sends messages one at a time, and retries each until it is acknowledged, across restarts.
 */
export class PersistentSender {
  readonly acknowledged: AcknowledgedMessage[] = [];
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

  /** Makes `run` return once the message in flight is acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  async #deliver(clientMessageId: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > 1) this.retries.push(Date.now());
      try {
        const ack = await emitWithAck(
          this.socket,
          'sendMessage',
          { roomId: this.roomId, text: `text of ${clientMessageId}`, clientMessageId },
          2_000,
        );
        if (ack.ok) {
          this.acknowledged.push({ clientMessageId, id: ack.id, acknowledgedAt: Date.now() });
          return;
        }
        await delay(ack.error.retryAfterMs ?? 50);
      } catch {
        // No acknowledgement: the message may or may not be stored. The retry has the same
        // clientMessageId.
        await delay(20);
      }
    }
  }
}
