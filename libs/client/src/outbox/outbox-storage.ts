import type { ErrorDetail } from '@chat/contracts';
import type { ChatErrorCode } from '../chat-error.ts';

/** An unsent message as it is stored. */
export interface StoredEntry {
  clientMessageId: string;
  roomId: string;
  text: string;
  /** ISO date-time by the local clock; for display. */
  createdAt: string;
  /** Present when the server rejected the message permanently. */
  error?: { code: ChatErrorCode; message: string; details?: ErrorDetail[] | undefined };
}

/** Port: storage of one user's unsent messages. Several clients (tabs) may share one. */
export interface OutboxStorage {
  /** Returns all entries, in the order in which they were first put. */
  load(): Promise<StoredEntry[]>;
  /** Stores the entry durably, replacing one with the same `clientMessageId`. */
  put(entry: StoredEntry): Promise<void>;
  /** Whether the entry is still stored: no client has delivered or discarded it. */
  has(clientMessageId: string): Promise<boolean>;
  /** Removes the entry, if it is stored. */
  remove(clientMessageId: string): Promise<void>;
  /** Releases the resources of the storage. The entries stay. */
  close(): void;
}
