import type { ChatError } from '../chat-error.ts';

/**
 * An unconfirmed message. `waiting`: for the connection or for earlier entries; `sending`: not yet
 * acknowledged; `sent`: stored by the server, not yet received in the room; `failed`: rejected
 * permanently, with `error`.
 */
export interface OutboxEntry {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  /** ISO date-time by the local clock. */
  readonly createdAt: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  /** Whether the storage has written it, so that it survives a reload or restart. */
  readonly persisted: boolean;
  readonly error?: ChatError;
}

export interface OutboxState {
  /** Unconfirmed messages of the signed-in user in all rooms, in the order of sending. */
  readonly entries: readonly OutboxEntry[];
  /** False after the storage failed: unsent messages may then be lost on a reload. */
  readonly durable: boolean;
}
