import type { ErrorDetail } from '@chat/contracts';
import { ChatError, type ChatErrorCode } from '../chat-error.ts';
import { isCommandKind, type Command } from './outbox-command.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import type { StoredEntry } from './outbox-storage.ts';

/** Version of the stored form. */
const VERSION = 2;

interface StoredFields {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly createdAt: string;
  /** Present when the server rejected the message permanently. */
  readonly error?: { code: ChatErrorCode; message: string; details?: ErrorDetail[] | undefined };
}

/** Form of releases that stored messages only; it has no version. */
type Version1 = StoredFields & { readonly text: string };

/** The text of a message is in the payload, where earlier releases do not find and send it. */
type Version2 = StoredFields & { readonly version: typeof VERSION } & Command;

/** Returns the form in which an entry is stored. */
export function toStored(entry: OutboxEntry): StoredEntry {
  const { clientMessageId, roomId, kind, payload, createdAt, error } = entry;
  return {
    version: VERSION,
    clientMessageId,
    roomId,
    kind,
    payload,
    createdAt,
    ...(error && { error: { code: error.code, message: error.message, details: error.details } }),
  };
}

/** Returns a stored entry; undefined for a version or kind of a later release. */
export function fromStored(stored: StoredEntry): OutboxEntry | undefined {
  const current = isVersion1(stored) ? upgraded(stored) : stored;
  if (!isKnown(current)) return undefined;
  const { version: _, error, ...entry } = current;
  return error
    ? {
        ...entry,
        persisted: true,
        state: 'failed',
        error: new ChatError(error.code, error.message, error),
      }
    : { ...entry, persisted: true, state: 'waiting' };
}

function isVersion1(stored: StoredEntry): stored is StoredEntry & Version1 {
  return stored['version'] === undefined && typeof stored['text'] === 'string';
}

function isKnown(stored: StoredEntry | Version2): stored is Version2 {
  return stored.version === VERSION && isCommandKind(stored.kind);
}

function upgraded({ text, ...fields }: Version1): Version2 {
  // The first releases stored texts as they were typed.
  return {
    ...fields,
    version: VERSION,
    kind: 'sendMessage',
    payload: { text: text.toWellFormed() },
  };
}
