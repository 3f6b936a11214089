import type { MAX_EARLIER_VERSIONS, RoomHead } from '@chat/contracts';
import type {
  LogEntry,
  MessageUpdate,
  MessageVersion,
  RoomRev,
  StateChange,
  StoredMessage,
  StoredReaction,
} from '@chat/messages';
import { optionalText, text, type Row, type SqlValue, type Statements } from './statements.ts';

/** The entries cannot be stored; the main thread throws the error of `MessageStore` for the kind. */
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
/** Bytes of one user id in a list. */
const USER_ID_BYTES = 40;
/** The compiler keeps it equal: a value from the package would load all of it into this thread. */
const KEPT_VERSIONS: typeof MAX_EARLIER_VERSIONS = 100;

/** A run of the requested messages, limited to about `SLICE_BYTES`. */
export interface MessageSlice {
  readonly messages: StoredMessage[];
  /** Whether the slice contains all requested messages. */
  readonly complete: boolean;
  readonly head: RoomHead;
}

/** Log entries of one room that follow a rev, limited like a {@link MessageSlice}. */
export interface ChangesSlice extends MessageSlice {
  /** Rev of the last entry; that of the request without entries. */
  readonly rev: number;
}

export function appendEntries(db: Statements, entries: readonly LogEntry[]): void {
  for (const entry of entries) {
    const inserted = isUpdate(entry) ? insertUpdate(db, entry) : insertMessage(db, entry);
    if (inserted > 0 && isUpdate(entry) && entry.change) applyChange(db, entry, entry.change);
    if (inserted === 0 && !isStored(db, entry)) {
      throw new AppendError(
        'conflicting-writer',
        `Entry ${entry.id} cannot be stored at rev ${entry.rev} of room ${entry.roomId}.`,
      );
    }
  }
}

/** @throws AppendError */
function insertMessage(db: Statements, message: StoredMessage): number {
  const { roomId, rev, id } = message;
  const sql = 'SELECT 1 FROM message_updates WHERE room_id = ? AND rev = ? OR id = ?';
  if (db.get(sql, roomId, rev, id)) return 0;
  return write(
    db,
    `INSERT INTO messages (room_id, seq, rev, id, user_id, username, text, timestamp,
       client_message_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    roomId,
    message.seq,
    rev,
    id,
    message.userId,
    message.username,
    message.text,
    message.timestamp,
    message.clientMessageId ?? null,
  );
}

/** @throws AppendError */
function insertUpdate(db: Statements, update: MessageUpdate): number {
  const { roomId, rev, id } = update;
  const sql = 'SELECT 1 FROM messages WHERE room_id = ? AND rev = ? OR id = ?';
  if (db.get(sql, roomId, rev, id)) return 0;
  return write(
    db,
    `INSERT INTO message_updates (room_id, rev, id, kind, message_id, actor, at)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    roomId,
    rev,
    id,
    update.kind,
    update.change?.messageId ?? null,
    update.actor,
    update.at,
  );
}

function write(db: Statements, sql: string, ...values: SqlValue[]): number {
  try {
    return db.run(sql, ...values);
  } catch (error) {
    const reason = CONTENT_ERRORS.get((error as { readonly errcode?: unknown }).errcode);
    if (reason === undefined) throw error;
    throw new AppendError('rejected-message', reason, { cause: error });
  }
}

/** Gives the message its new state, in the transaction that stores the update. @throws AppendError */
function applyChange(db: Statements, update: MessageUpdate, change: StateChange): void {
  const { messageId, prevRev, state, replaced } = change;
  if (replaced) keepVersion(db, messageId, replaced);
  const changed = write(
    db,
    `UPDATE messages SET text = ?, edited_at = ?, deleted_at = ?, reactions = ?, changed_rev = ?
     WHERE id = ? AND coalesce(changed_rev, rev) = ?`,
    state.text,
    state.editedAt ?? null,
    state.deletedAt ?? null,
    state.reactions ? JSON.stringify(state.reactions) : null,
    update.rev,
    messageId,
    prevRev,
  );
  if (changed === 0) {
    throw new AppendError(
      'conflicting-writer',
      `Message ${messageId} has no rev ${prevRev} to update.`,
    );
  }
  if (state.deletedAt !== undefined) {
    db.run('DELETE FROM message_versions WHERE message_id = ?', messageId);
  }
}

function keepVersion(db: Statements, messageId: string, version: MessageVersion): void {
  write(
    db,
    'INSERT INTO message_versions (message_id, rev, text, at) VALUES (?, ?, ?, ?)',
    messageId,
    version.rev,
    version.text,
    version.at,
  );
  db.run(
    `DELETE FROM message_versions WHERE message_id = ? AND rev <=
       (SELECT rev FROM message_versions WHERE message_id = ? ORDER BY rev DESC LIMIT 1 OFFSET ?)`,
    messageId,
    messageId,
    KEPT_VERSIONS,
  );
}

export function findMessage(
  db: Statements,
  roomId: string,
  messageId: string,
): StoredMessage | undefined {
  const row = db.get('SELECT * FROM messages WHERE id = ? AND room_id = ?', messageId, roomId);
  return row && toMessage(row);
}

export function messageVersions(db: Statements, messageId: string): MessageVersion[] {
  return db
    .all('SELECT rev, text, at FROM message_versions WHERE message_id = ? ORDER BY rev', messageId)
    .map((row) => ({ rev: Number(row['rev']), text: text(row, 'text'), at: text(row, 'at') }));
}

export function findEntriesByIds(db: Statements, ids: readonly string[]): LogEntry[] {
  return [...new Set(ids)].flatMap((id): LogEntry[] => {
    const message = db.get('SELECT * FROM messages WHERE id = ?', id);
    if (message) return [toMessage(message)];
    const update = db.get('SELECT * FROM message_updates WHERE id = ?', id);
    return update ? [toUpdate(update)] : [];
  });
}

export function findRoomHeads(db: Statements, roomIds: readonly string[]): RoomHead[] {
  return roomIds.map((roomId) => headOf(db, roomId));
}

/** Returns what a writer needs to know before it plans a batch. */
export function planningState(
  db: Statements,
  roomIds: readonly string[],
  ids: readonly string[],
): { heads: RoomHead[]; entries: LogEntry[] } {
  return { heads: findRoomHeads(db, roomIds), entries: findEntriesByIds(db, ids) };
}

export function newerRevs(db: Statements, known: readonly RoomRev[]): RoomRev[] {
  return known.flatMap(({ roomId, rev }) => {
    const head = headOf(db, roomId);
    return head.rev > rev ? [{ roomId, rev: head.rev }] : [];
  });
}

export function lastMessages(db: Statements, roomIds: readonly string[]): StoredMessage[] {
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

/**
 * Returns the messages that the entries after a rev have changed, up to the rev `upTo`, in rev
 * order, each at its latest rev.
 */
export function changesAfter(
  db: Statements,
  roomId: string,
  since: number,
  upTo: number,
  limit: number,
): ChangesSlice {
  const messages: StoredMessage[] = [];
  let [rev, bytes] = [since, 0];
  let complete = true;
  for (const row of db.iterate(
    `SELECT entry.entry_rev, messages.* FROM (
       SELECT rev AS entry_rev, id AS message_id FROM messages
       WHERE room_id = ? AND rev > ? AND rev <= ?
       UNION ALL
       SELECT rev AS entry_rev, message_id FROM message_updates
       WHERE room_id = ? AND rev > ? AND rev <= ?
       ORDER BY entry_rev LIMIT ?
     ) AS entry LEFT JOIN messages ON messages.id = entry.message_id
       AND (coalesce(changed_rev, rev) <= entry_rev OR coalesce(changed_rev, rev) > ?)
     ORDER BY entry_rev`,
    roomId,
    since,
    upTo,
    roomId,
    since,
    upTo,
    limit,
    upTo,
  )) {
    if (bytes >= SLICE_BYTES) {
      complete = false;
      break;
    }
    rev = Number(row['entry_rev']);
    // No message changed, or the message changes again in a later entry, which is not beyond the end.
    if (row['id'] === null) continue;
    const message = toMessage(row);
    messages.push(message);
    bytes += bytesOf(message);
  }
  return { messages, rev, complete, head: headOf(db, roomId) };
}

function sliceOf(rows: Iterable<Row>): Omit<MessageSlice, 'head'> {
  const messages: StoredMessage[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (bytes >= SLICE_BYTES) return { messages, complete: false };
    const message = toMessage(row);
    messages.push(message);
    bytes += bytesOf(message);
  }
  return { messages, complete: true };
}

function bytesOf({ text: content, reactions = [] }: StoredMessage): number {
  const users = reactions.reduce((sum, { userIds }) => sum + userIds.length, 0);
  return Buffer.byteLength(content) + users * USER_ID_BYTES;
}

function headOf(db: Statements, roomId: string): RoomHead {
  const row = db.get(
    `SELECT (SELECT max(seq) FROM messages WHERE room_id = ?) AS seq,
            (SELECT max(rev) FROM messages WHERE room_id = ?) AS rev,
            (SELECT max(rev) FROM message_updates WHERE room_id = ?) AS updates_rev`,
    roomId,
    roomId,
    roomId,
  );
  const [rev, updatesRev] = [Number(row?.['rev'] ?? 0), Number(row?.['updates_rev'] ?? 0)];
  return { roomId, seq: Number(row?.['seq'] ?? 0), rev: Math.max(rev, updatesRev) };
}

function isStored(db: Statements, entry: LogEntry): boolean {
  const { id, roomId, rev } = entry;
  const found = isUpdate(entry)
    ? db.get(
        'SELECT 1 FROM message_updates WHERE id = ? AND room_id = ? AND rev = ?',
        id,
        roomId,
        rev,
      )
    : db.get(
        'SELECT 1 FROM messages WHERE id = ? AND room_id = ? AND seq = ? AND rev = ?',
        id,
        roomId,
        entry.seq,
        rev,
      );
  return found !== undefined;
}

function isUpdate(entry: LogEntry): entry is MessageUpdate {
  return 'kind' in entry;
}

function toUpdate(row: Row): MessageUpdate {
  return {
    id: text(row, 'id'),
    roomId: text(row, 'room_id'),
    rev: Number(row['rev']),
    kind: text(row, 'kind') as MessageUpdate['kind'],
    actor: text(row, 'actor'),
    at: text(row, 'at'),
  };
}

function toMessage(row: Row): StoredMessage {
  const clientMessageId = optionalText(row, 'client_message_id');
  const editedAt = optionalText(row, 'edited_at');
  const deletedAt = optionalText(row, 'deleted_at');
  const reactions = optionalText(row, 'reactions');
  return {
    id: text(row, 'id'),
    roomId: text(row, 'room_id'),
    seq: Number(row['seq']),
    rev: Number(row['changed_rev'] ?? row['rev']),
    userId: text(row, 'user_id'),
    username: text(row, 'username'),
    text: text(row, 'text'),
    timestamp: text(row, 'timestamp'),
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
    ...(editedAt === undefined ? {} : { editedAt }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(reactions === undefined ? {} : { reactions: JSON.parse(reactions) as StoredReaction[] }),
  };
}
