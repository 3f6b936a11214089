import { setTimeout as delay } from 'node:timers/promises';
import type { ClientSocket } from './account.ts';
import { ask } from './ask.ts';

export interface Acknowledged {
  readonly clientMessageId: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Sends one message after the other, each until it is acknowledged, across restarts of the server. */
export class PersistentSender {
  readonly acknowledged: Acknowledged[] = [];
  /** When a message was sent again, in milliseconds since the epoch. */
  readonly resends: number[] = [];
  #stopped = false;

  constructor(
    private readonly socket: ClientSocket,
    private readonly roomId: string,
    private readonly name: string,
  ) {}

  async run(): Promise<void> {
    for (let n = 1; !this.#stopped; n += 1) await this.#deliver(`${this.name}-${n}`);
  }

  /** Ends `run` once the message on its way is acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  async #deliver(clientMessageId: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > 1) this.resends.push(Date.now());
      try {
        const answer = await ask(
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
        // No answer: the message may be stored or not. It is sent again under the same id.
        await delay(20);
      }
    }
  }
}
