import type { ChatError } from './chat-error.ts';
import type { Observable } from './observable.ts';

/**
 * A message on its way. `waiting` for a connection or its turn; `sending`; `sent`: accepted by the
 * server for good, not yet seen in the room; `failed`: refused for good, with `error`.
 */
export interface OutboxEntry {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  /** ISO date-time, by this machine's clock. */
  readonly createdAt: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  readonly error?: ChatError;
}

export interface OutboxState {
  /** Unsent messages of the signed-in user in all rooms, oldest first. */
  readonly entries: readonly OutboxEntry[];
  /** False after the storage failed: what is unsent then does not survive a reload. */
  readonly durable: boolean;
}

/** Keeps what the user sends until the server has it, across disconnects and reloads. */
export interface Outbox extends Observable<OutboxState> {
  /**
   * Takes a message and returns its entry at once; it is delivered when it can be, in order, once.
   * @throws ChatError OUTBOX_FULL, VALIDATION (empty or too long), UNAUTHORIZED when signed out
   */
  send(roomId: string, text: string): OutboxEntry;
  /** Sends a failed entry again, after those that wait in its room. */
  retry(clientMessageId: string): void;
  /** Forgets an entry. One that is being sent may still arrive. */
  discard(clientMessageId: string): void;
}
