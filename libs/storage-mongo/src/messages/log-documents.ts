import { isUpdate, type LogEntry, type MessageUpdate, type StoredMessage } from '@chat/messages';
import type { LogDocument, MessageDocument, UpdateDocument } from './message.schema.ts';

export function isUpdateDocument(document: LogDocument): document is UpdateDocument {
  return document.kind !== undefined;
}

/** Converts an entry to the document that is inserted for it. */
export function toDocument(entry: LogEntry): LogDocument {
  return isUpdate(entry) ? toUpdateDocument(entry) : toMessageDocument(entry);
}

function toMessageDocument(message: StoredMessage): MessageDocument {
  const { id, roomId, seq, rev, userId, username, text, timestamp, clientMessageId } = message;
  return {
    _id: id,
    roomId,
    seq,
    rev,
    userId,
    username,
    text,
    timestamp,
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}

function toUpdateDocument(update: MessageUpdate): UpdateDocument {
  const { id, roomId, rev, kind, actor, at, change } = update;
  const document = { _id: id, roomId, seq: -rev, rev, kind, actor, at };
  if (!change) return document;
  return { ...document, messageId: change.messageId, pending: change, pendingIn: roomId };
}

export function toEntry(document: LogDocument): LogEntry {
  return isUpdateDocument(document)
    ? toUpdate(document)
    : toStoredMessage(document as MessageDocument);
}

function toUpdate({ _id: id, roomId, rev, kind, actor, at }: UpdateDocument): MessageUpdate {
  return { id, roomId, rev, kind, actor, at };
}

export function toStoredMessage(document: MessageDocument): StoredMessage {
  const { _id: id, roomId, seq, userId, username, text, timestamp } = document;
  const { clientMessageId, editedAt, deletedAt, reactions } = document;
  return {
    id,
    roomId,
    seq,
    rev: document.changedRev ?? document.rev,
    userId,
    username,
    text,
    timestamp,
    ...(clientMessageId !== undefined && { clientMessageId }),
    ...(editedAt !== undefined && { editedAt }),
    ...(deletedAt !== undefined && { deletedAt }),
    ...(reactions !== undefined && { reactions }),
  };
}
