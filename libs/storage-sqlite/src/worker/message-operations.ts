import type { Message, RoomHead } from '@chat/contracts';
import type { RoomRev } from '@chat/messages';
import { optionalText, text, type Row, type Statements } from './statements.ts';

/** The messages cannot be stored; the main thread throws the error of `MessageStore` for the kind. */
export class AppendError extends Error {
  override readonly name = 'AppendError';
  readonly kind: 'conflicting-writer' | 'rejected-message';

  constructor(kind: AppendError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Extended result codes with which SQLite rejects a row because of its content. */
const CONTENT_ERRORS = new Map<unknown, string>([
  [18, 'SQLITE_TOOBIG'],
  [20, 'SQLITE_MISMATCH'],
  [275, 'SQLITE_CONSTRAINT_CHECK'],
  [1299, 'SQLITE_CONSTRAINT_NOTNULL'],
  [1811, 'SQLITE_CONSTRAINT_TRIGGER'],
  [3091, 'SQLITE_CONSTRAINT_DATATYPE'],
]);

/** Approximate bytes of a slice: the other thread receives it without a noticeable delay. */
const SLICE_BYTES = 256 * 1024;

/** A run of the requested messages, limited to about `SLICE_BYTES`. */
export interface MessageSlice {
  readonly messages: Message[];
  /** Whether the slice contains all requested messages. */
  readonly complete: boolean;
  readonly head: RoomHead;
}

export function appendMessages(db: Statements, messages: readonly Message[]): void {
  for (const message of messages) {
    const inserted = insertMessage(db, message);
    if (inserted === 0 && !isStored(db, message)) {
      throw new AppendError(
        'conflicting-writer',
        `Message ${message.id} cannot be stored at seq ${message.seq} of room ${message.roomId}.`,
      );
    }
  }
}

/** @throws AppendError */
function insertMessage(db: Statements, message: Message): number {
  try {
    return db.run(
      `INSERT INTO messages (room_id, seq, rev, id, user_id, username, text, timestamp,
         client_message_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      message.roomId,
      message.seq,
      message.rev,
      message.id,
      message.userId,
      message.username,
      message.text,
      message.timestamp,
      message.clientMessageId ?? null,
    );
  } catch (error) {
    const reason = CONTENT_ERRORS.get((error as { readonly errcode?: unknown }).errcode);
    if (reason === undefined) throw error;
    throw new AppendError('rejected-message', reason, { cause: error });
  }
}

export function findMessagesByIds(db: Statements, ids: readonly string[]): Message[] {
  return [...new Set(ids)].flatMap((id) => {
    const row = db.get('SELECT * FROM messages WHERE id = ?', id);
    return row ? [toMessage(row)] : [];
  });
}

export function findRoomHeads(db: Statements, roomIds: readonly string[]): RoomHead[] {
  return roomIds.map((roomId) => headOf(db, roomId));
}

export function newerRevs(db: Statements, known: readonly RoomRev[]): RoomRev[] {
  return known.flatMap(({ roomId, rev }) => {
    const row = db.get(
      'SELECT max(rev) AS rev FROM messages WHERE room_id = ? AND rev > ?',
      roomId,
      rev,
    );
    return typeof row?.['rev'] === 'number' ? [{ roomId, rev: row['rev'] }] : [];
  });
}

export function lastMessages(db: Statements, roomIds: readonly string[]): Message[] {
  return roomIds.flatMap((roomId) => {
    const row = db.get(
      'SELECT * FROM messages WHERE room_id = ? ORDER BY seq DESC LIMIT 1',
      roomId,
    );
    return row ? [toMessage(row)] : [];
  });
}

/** Returns the last messages with a smaller seq, oldest first; a slice has the newest of them. */
export function messagesBefore(
  db: Statements,
  roomId: string,
  before: number,
  limit: number,
): MessageSlice {
  const sql = 'SELECT * FROM messages WHERE room_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?';
  const { messages, complete } = sliceOf(db.iterate(sql, roomId, before, limit));
  return { messages: messages.reverse(), complete, head: headOf(db, roomId) };
}

/** Returns the first messages with a greater seq, up to `upTo`, oldest first. */
export function messagesAfter(
  db: Statements,
  roomId: string,
  after: number,
  upTo: number,
  limit: number,
): MessageSlice {
  const sql =
    'SELECT * FROM messages WHERE room_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?';
  const slice = sliceOf(db.iterate(sql, roomId, after, upTo, limit));
  return { ...slice, head: headOf(db, roomId) };
}

/** Returns the first messages with a greater rev, up to `upTo`, in rev order. */
export function changesAfter(
  db: Statements,
  roomId: string,
  since: number,
  upTo: number,
  limit: number,
): MessageSlice {
  const sql =
    'SELECT * FROM messages WHERE room_id = ? AND rev > ? AND rev <= ? ORDER BY rev LIMIT ?';
  const slice = sliceOf(db.iterate(sql, roomId, since, upTo, limit));
  return { ...slice, head: headOf(db, roomId) };
}

function sliceOf(rows: Iterable<Row>): Omit<MessageSlice, 'head'> {
  const messages: Message[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (bytes >= SLICE_BYTES) return { messages, complete: false };
    const message = toMessage(row);
    messages.push(message);
    bytes += Buffer.byteLength(message.text);
  }
  return { messages, complete: true };
}

function headOf(db: Statements, roomId: string): RoomHead {
  const row = db.get(
    `SELECT (SELECT max(seq) FROM messages WHERE room_id = ?) AS seq,
            (SELECT max(rev) FROM messages WHERE room_id = ?) AS rev`,
    roomId,
    roomId,
  );
  return { roomId, seq: Number(row?.['seq'] ?? 0), rev: Number(row?.['rev'] ?? 0) };
}

function isStored(db: Statements, { id, roomId, seq, rev }: Message): boolean {
  const found = db.get(
    'SELECT 1 FROM messages WHERE id = ? AND room_id = ? AND seq = ? AND rev = ?',
    id,
    roomId,
    seq,
    rev,
  );
  return found !== undefined;
}

function toMessage(row: Row): Message {
  const clientMessageId = optionalText(row, 'client_message_id');
  return {
    id: text(row, 'id'),
    roomId: text(row, 'room_id'),
    seq: Number(row['seq']),
    rev: Number(row['rev']),
    userId: text(row, 'user_id'),
    username: text(row, 'username'),
    text: text(row, 'text'),
    timestamp: text(row, 'timestamp'),
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}
