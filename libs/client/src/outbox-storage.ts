import type { SocketError } from '@chat/contracts';

/** An unsent message as it is kept. */
export interface StoredEntry {
  clientMessageId: string;
  roomId: string;
  text: string;
  /** ISO date-time, by this machine's clock. Only for display and the order of sending. */
  createdAt: string;
  /** Present when the server refused it for good. */
  error?: Pick<SocketError, 'code' | 'message' | 'details'>;
}

/** Port: where one user's unsent messages are kept. Several clients (tabs) may share one. */
export interface OutboxStorage {
  /** All entries, oldest first. */
  load(): Promise<StoredEntry[]>;
  /** Keeps the entry, replacing one with the same `clientMessageId`. Resolves once it is durable. */
  put(entry: StoredEntry): Promise<void>;
  has(clientMessageId: string): Promise<boolean>;
  remove(clientMessageId: string): Promise<void>;
  close(): void;
}
