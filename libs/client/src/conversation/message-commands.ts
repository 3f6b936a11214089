import type { ClientPayload } from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import { TRANSIENT_CODES, type ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { newClientMessageId } from '../outbox/client-message-id.ts';
import { normalizeText } from '../outbox/message-text.ts';

const MAX_ATTEMPTS = 5;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;
/** How long a command waits for the connection that broke before it was acknowledged. */
const RECONNECT_TIMEOUT_MS = 10_000;

type Command = 'editMessage' | 'deleteMessage' | 'react';

/** Changes messages of one room. Every attempt of a call is the same command to the server. */
export class MessageCommands {
  readonly #roomId: string;
  readonly #connection: Connection;
  readonly #ending = new AbortController();

  constructor(roomId: string, connection: Connection) {
    this.#roomId = roomId;
    this.#connection = connection;
  }

  /** @throws ChatError */
  async edit(messageId: string, text: string): Promise<void> {
    const payload = { roomId: this.#roomId, messageId, text: normalizeText(text) };
    await this.#run('editMessage', payload);
  }

  /** @throws ChatError */
  async delete(messageId: string): Promise<void> {
    await this.#run('deleteMessage', { roomId: this.#roomId, messageId });
  }

  /** @throws ChatError */
  async react(messageId: string, emoji: string, on: boolean): Promise<void> {
    await this.#run('react', { roomId: this.#roomId, messageId, emoji, on });
  }

  /** Stops retrying: commands that are not acknowledged reject. */
  end(): void {
    this.#ending.abort();
  }

  async #run<C extends Command>(event: C, command: ClientPayload<C>): Promise<void> {
    const payload = { ...command, clientMessageId: newClientMessageId() };
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    // Nothing was sent while offline: the first attempt rejects immediately.
    let attemptsLeft = this.#connection.online ? MAX_ATTEMPTS : 1;
    for (;;) {
      try {
        await this.#connection.emit(event, payload);
        return;
      } catch (error) {
        attemptsLeft -= 1;
        const { code, retryAfterMs } = error as ChatError;
        if (attemptsLeft === 0 || !TRANSIENT_CODES.has(code)) throw error;
        await pause(backoff.next(retryAfterMs), this.#ending.signal);
        await this.#connection.whenOnline(RECONNECT_TIMEOUT_MS);
        if (this.#ending.signal.aborted) throw error;
      }
    }
  }
}
