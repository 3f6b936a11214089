import type { ChatError } from '../chat-error.ts';
import type { ChangeKind, Command, CommandKind } from './outbox-command.ts';

/**
 * An unconfirmed command. `waiting`: for the connection or for earlier entries; `sending`: not yet
 * acknowledged; `sent`: stored by the server, not yet received in the room; `failed`: a message that
 * was rejected permanently, with `error`.
 */
export type OutboxEntry<K extends CommandKind = CommandKind> = Command<K> & {
  readonly clientMessageId: string;
  readonly roomId: string;
  /** ISO date-time by the local clock. */
  readonly createdAt: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  /** Whether the storage has written it, so that it survives a reload or restart. */
  readonly persisted: boolean;
  readonly error?: ChatError;
};

/** An unconfirmed message. */
export type OutboxMessage = OutboxEntry<'sendMessage'>;

/** An unconfirmed edit, deletion or reaction. */
export type OutboxChange = OutboxEntry<ChangeKind>;

export interface OutboxState {
  /** Unconfirmed commands of the signed-in user in all rooms, in the order of their creation. */
  readonly entries: readonly OutboxEntry[];
  /** False after the storage failed: unsent entries may then be lost on a reload. */
  readonly durable: boolean;
}

export interface OutboxEvents {
  /** The server rejected a change permanently; it is no longer in the outbox. */
  rejected: { change: OutboxChange; error: ChatError };
}

export function isMessage(entry: OutboxEntry): entry is OutboxMessage {
  return entry.kind === 'sendMessage';
}

export function isChange(entry: OutboxEntry): entry is OutboxChange {
  return entry.kind !== 'sendMessage';
}
