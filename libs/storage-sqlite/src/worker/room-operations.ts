import type { Role, Visibility } from '@chat/contracts';
import type {
  MemberRecord,
  Membership,
  MovedPosition,
  ReadPosition,
  RoomOfUser,
  RoomRecord,
  StoredPosition,
} from '@chat/rooms';
import { optionalInteger, optionalText, text, type Row, type Statements } from './statements.ts';

/** Case-folded name and topic of a room, used by searches. */
export interface RoomKeys {
  readonly name: string;
  readonly topic?: string;
}

export function createRoom(
  db: Statements,
  room: RoomRecord,
  keys: RoomKeys,
  firstMember: MemberRecord | undefined,
): boolean {
  const created = db.run(
    `INSERT INTO rooms (id, name, name_key, visibility, topic, topic_key, created_by, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    room.id,
    room.name,
    keys.name,
    room.visibility,
    room.topic ?? null,
    keys.topic ?? null,
    room.createdBy ?? null,
    room.createdAt,
  );
  if (created === 0) return false;
  if (firstMember) addMember(db, firstMember);
  return true;
}

export function updateRoom(
  db: Statements,
  roomId: string,
  changes: { readonly name?: string; readonly topic?: string },
  keys: { readonly name?: string; readonly topic?: string },
): RoomRecord | undefined {
  return toRoom(
    db.get(
      `UPDATE rooms SET name = coalesce(?, name), name_key = coalesce(?, name_key),
         topic = coalesce(?, topic), topic_key = coalesce(?, topic_key)
       WHERE id = ? AND deleted_at IS NULL RETURNING *`,
      changes.name ?? null,
      keys.name ?? null,
      changes.topic ?? null,
      keys.topic ?? null,
      roomId,
    ),
  );
}

export function findRoom(db: Statements, roomId: string): RoomRecord | undefined {
  return toRoom(db.get('SELECT * FROM rooms WHERE id = ? AND deleted_at IS NULL', roomId));
}

/** Marks a room as deleted; its row stays as a tombstone and keeps the id taken. */
export function deleteRoom(db: Statements, roomId: string, deletedAt: string): boolean {
  const deleted = db.run(
    'UPDATE rooms SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL',
    deletedAt,
    roomId,
  );
  if (deleted === 0) return false;
  db.run('DELETE FROM members WHERE room_id = ?', roomId);
  return true;
}

export function findDeletedRooms(db: Statements, roomIds: readonly string[]): Set<string> {
  const deleted = roomIds.filter((roomId) =>
    db.get('SELECT 1 FROM rooms WHERE id = ? AND deleted_at IS NOT NULL', roomId),
  );
  return new Set(deleted);
}

export function findPublicRooms(
  db: Statements,
  key: string | undefined,
  limit: number,
): RoomRecord[] {
  const searchKey = key ?? '';
  return db
    .all(
      `SELECT * FROM rooms WHERE visibility = 'public' AND deleted_at IS NULL
         AND (instr(name_key, ?) > 0 OR instr(topic_key, ?) > 0)
       ORDER BY name_key LIMIT ?`,
      searchKey,
      searchKey,
      limit,
    )
    .flatMap((row) => toRoom(row) ?? []);
}

export function addMember(db: Statements, member: MemberRecord): boolean {
  const added = db.run(
    `INSERT INTO members (room_id, user_id, role, joined_at, last_read_seq) SELECT ?, ?, ?, ?, ?
     WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = ? AND deleted_at IS NOT NULL)
     ON CONFLICT (room_id, user_id) DO NOTHING`,
    member.roomId,
    member.userId,
    member.role,
    member.joinedAt,
    member.lastReadSeq ?? null,
    member.roomId,
  );
  return added > 0;
}

export function removeMember(db: Statements, roomId: string, userId: string): boolean {
  const removed = db.run(
    `DELETE FROM members WHERE room_id = ? AND user_id = ? AND role <> 'owner'`,
    roomId,
    userId,
  );
  return removed > 0;
}

export function changeRole(
  db: Statements,
  { roomId, userId }: Membership,
  from: Role,
  to: Role,
): boolean {
  const changed = db.run(
    'UPDATE members SET role = ? WHERE room_id = ? AND user_id = ? AND role = ?',
    to,
    roomId,
    userId,
    from,
  );
  return changed > 0;
}

/** Both writes are in one transaction. */
export function handOver(db: Statements, roomId: string, from: string, to: string): boolean {
  const handedOver = db.run(
    `UPDATE members SET role = 'owner' WHERE room_id = ? AND user_id = ? AND role <> 'owner'
       AND EXISTS (SELECT 1 FROM members WHERE room_id = ? AND user_id = ? AND role = 'owner')`,
    roomId,
    to,
    roomId,
    from,
  );
  return handedOver > 0 && changeRole(db, { roomId, userId: from }, 'owner', 'moderator');
}

export function appointOwner(db: Statements, roomId: string, userId: string): boolean {
  const appointed = db.run(
    `UPDATE members SET role = 'owner' WHERE room_id = ? AND user_id = ?
       AND NOT EXISTS (SELECT 1 FROM members WHERE room_id = ? AND role = 'owner')`,
    roomId,
    userId,
    roomId,
  );
  return appointed > 0;
}

export function findMembers(db: Statements, memberships: readonly Membership[]): MemberRecord[] {
  return memberships.flatMap(({ roomId, userId }) => {
    const row = db.get('SELECT * FROM members WHERE room_id = ? AND user_id = ?', roomId, userId);
    return toMember(row) ?? [];
  });
}

export function listMembers(
  db: Statements,
  roomId: string,
  page: { readonly after?: string; readonly limit: number },
): MemberRecord[] {
  return db
    .all(
      'SELECT * FROM members WHERE room_id = ? AND user_id > ? ORDER BY user_id LIMIT ?',
      roomId,
      page.after ?? '',
      page.limit,
    )
    .flatMap((row) => toMember(row) ?? []);
}

export function listRoomsOf(db: Statements, userId: string): RoomOfUser[] {
  return db
    .all(
      `SELECT rooms.*, members.role, members.last_read_seq FROM members JOIN rooms ON rooms.id = members.room_id
       WHERE members.user_id = ? ORDER BY rooms.name_key, rooms.id`,
      userId,
    )
    .flatMap((row) => {
      const room = toRoom(row);
      return room ? [{ room, role: text(row, 'role') as Role, ...readPositionIn(row) }] : [];
    });
}

export function listPositionsOf(
  db: Statements,
  userIds: readonly string[],
  limit: number,
): StoredPosition[] {
  const found: StoredPosition[] = [];
  for (const userId of userIds) {
    const rows = db.all(
      'SELECT room_id, last_read_seq FROM members WHERE user_id = ? LIMIT ?',
      userId,
      limit - found.length,
    );
    for (const row of rows)
      found.push({ roomId: text(row, 'room_id'), userId, ...readPositionIn(row) });
  }
  return found;
}

export function markRead(db: Statements, position: ReadPosition): MovedPosition | undefined {
  const before = positionOf(db, position);
  if (!before) return undefined;
  const { lastReadSeq = -1 } = before;
  if (position.lastReadSeq <= lastReadSeq) return { lastReadSeq, moved: false };
  return setPosition(db, position);
}

export function markUnread(db: Statements, position: ReadPosition): MovedPosition | undefined {
  const before = positionOf(db, position);
  const { lastReadSeq } = position;
  if (before?.lastReadSeq === lastReadSeq) return { lastReadSeq, moved: false };
  return before && setPosition(db, position);
}

export function markManyRead(db: Statements, positions: readonly ReadPosition[]): void {
  for (const position of positions) markRead(db, position);
}

function positionOf(
  db: Statements,
  { roomId, userId }: Membership,
): { lastReadSeq?: number } | undefined {
  const row = db.get(
    'SELECT last_read_seq FROM members WHERE room_id = ? AND user_id = ?',
    roomId,
    userId,
  );
  return row && readPositionIn(row);
}

function setPosition(db: Statements, { roomId, userId, lastReadSeq }: ReadPosition): MovedPosition {
  db.run(
    'UPDATE members SET last_read_seq = ? WHERE room_id = ? AND user_id = ?',
    lastReadSeq,
    roomId,
    userId,
  );
  return { lastReadSeq, moved: true };
}

function readPositionIn(row: Row): { lastReadSeq?: number } {
  const lastReadSeq = optionalInteger(row, 'last_read_seq');
  return lastReadSeq === undefined ? {} : { lastReadSeq };
}

function toRoom(row: Row | undefined): RoomRecord | undefined {
  if (!row) return undefined;
  const topic = optionalText(row, 'topic');
  const createdBy = optionalText(row, 'created_by');
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    visibility: text(row, 'visibility') as Visibility,
    ...(topic === undefined ? {} : { topic }),
    ...(createdBy === undefined ? {} : { createdBy }),
    createdAt: text(row, 'created_at'),
  };
}

function toMember(row: Row | undefined): MemberRecord | undefined {
  return (
    row && {
      roomId: text(row, 'room_id'),
      userId: text(row, 'user_id'),
      role: text(row, 'role') as Role,
      joinedAt: text(row, 'joined_at'),
      ...readPositionIn(row),
    }
  );
}
