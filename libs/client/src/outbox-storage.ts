import type { ErrorDetail } from '@chat/contracts';
import type { ChatErrorCode } from './chat-error.ts';

/** An unsent message as it is kept. */
export interface StoredEntry {
  clientMessageId: string;
  roomId: string;
  text: string;
  /** ISO date-time, by this machine's clock; for display. */
  createdAt: string;
  /** Present when the server refused it for good. */
  error?: { code: ChatErrorCode; message: string; details?: ErrorDetail[] | undefined };
}

/** Port: where one user's unsent messages are kept. Several clients (tabs) may share one. */
export interface OutboxStorage {
  /** All entries, in the order they were first put. */
  load(): Promise<StoredEntry[]>;
  /** Keeps the entry, replacing one with the same `clientMessageId`. Resolves once it is durable. */
  put(entry: StoredEntry): Promise<void>;
  /** Whether the entry is kept still: nobody delivered or discarded it. */
  has(clientMessageId: string): Promise<boolean>;
  /** Forgets the entry, if it is kept. */
  remove(clientMessageId: string): Promise<void>;
  /** Lets go of what the storage holds open. The entries stay. */
  close(): void;
}
