import type { Message, RoomHead, RoomRev } from '@chat/contracts';
import type { PageCursor } from '@chat/messages';
import { optionalText, text, type Row, type Statements } from './statements.ts';

/** Another message holds an id, seq or rev that a batch claims. */
export class ClaimedPositionError extends Error {
  override readonly name = 'ClaimedPositionError';
}

/** The database can never hold a message for what is in it. */
export class UnstorableMessageError extends Error {
  override readonly name = 'UnstorableMessageError';
}

/** Extended result codes with which SQLite refuses a row for what is in it. */
const REFUSALS = new Map<unknown, string>([
  [18, 'SQLITE_TOOBIG'],
  [20, 'SQLITE_MISMATCH'],
  [275, 'SQLITE_CONSTRAINT_CHECK'],
  [1299, 'SQLITE_CONSTRAINT_NOTNULL'],
  [1811, 'SQLITE_CONSTRAINT_TRIGGER'],
  [3091, 'SQLITE_CONSTRAINT_DATATYPE'],
]);

export interface MessagePage {
  readonly messages: Message[];
  readonly head: RoomHead;
}

export function appendMessages(db: Statements, messages: readonly Message[]): void {
  for (const message of messages) {
    const inserted = insertMessage(db, message);
    if (inserted === 0 && !isStored(db, message)) {
      throw new ClaimedPositionError(
        `Message ${message.id} cannot be stored at seq ${message.seq} of room ${message.roomId}.`,
      );
    }
  }
}

/** @throws UnstorableMessageError */
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
    const reason = REFUSALS.get((error as { readonly errcode?: unknown }).errcode);
    throw reason === undefined ? error : new UnstorableMessageError(reason, { cause: error });
  }
}

export function findMessagesByIds(db: Statements, ids: readonly string[]): Message[] {
  return [...new Set(ids)].flatMap((id) => {
    const row = db.get('SELECT * FROM messages WHERE id = ?', id);
    return row ? [toMessage(row)] : [];
  });
}

export function headsOfRooms(db: Statements, roomIds: readonly string[]): RoomHead[] {
  return roomIds.map((roomId) => headOf(db, roomId));
}

export function revsBeyond(db: Statements, known: readonly RoomRev[]): RoomRev[] {
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
  return roomIds.flatMap((roomId) => newest(db, roomId, Number.MAX_SAFE_INTEGER, 1));
}

export function pageOfMessages(
  db: Statements,
  roomId: string,
  cursor: PageCursor,
  limit: number,
): MessagePage {
  return { messages: messagesAt(db, roomId, cursor, limit), head: headOf(db, roomId) };
}

export function changesSince(
  db: Statements,
  roomId: string,
  since: number,
  limit: number,
): MessagePage {
  const rows = db.all(
    'SELECT * FROM messages WHERE room_id = ? AND rev > ? ORDER BY rev LIMIT ?',
    roomId,
    since,
    limit,
  );
  return { messages: rows.map(toMessage), head: headOf(db, roomId) };
}

function messagesAt(db: Statements, roomId: string, cursor: PageCursor, limit: number): Message[] {
  switch (cursor.kind) {
    case 'newest':
      return newest(db, roomId, Number.MAX_SAFE_INTEGER, limit);
    case 'before':
      return newest(db, roomId, cursor.seq, limit);
    case 'after':
      return oldest(db, roomId, cursor.seq, limit);
    case 'around': {
      const earlier = newest(db, roomId, cursor.seq, limit);
      const later = oldest(db, roomId, cursor.seq - 1, limit);
      const before = Math.max(Math.floor(limit / 2), limit - later.length);
      const page = earlier.slice(Math.max(0, earlier.length - before));
      return [...page, ...later.slice(0, limit - page.length)];
    }
  }
}

/** The last messages with a smaller seq, oldest first. */
function newest(db: Statements, roomId: string, before: number, limit: number): Message[] {
  return db
    .all(
      'SELECT * FROM messages WHERE room_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
      roomId,
      before,
      limit,
    )
    .map(toMessage)
    .reverse();
}

/** The first messages with a greater seq, oldest first. */
function oldest(db: Statements, roomId: string, after: number, limit: number): Message[] {
  return db
    .all(
      'SELECT * FROM messages WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      roomId,
      after,
      limit,
    )
    .map(toMessage);
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
