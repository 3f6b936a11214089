import {
  appendEntries,
  changesAfter,
  findEntriesByIds,
  findMessage,
  findRoomHeads,
  newerRevs,
  lastMessages,
  messagesAfter,
  messagesBefore,
  messageVersions,
  planningState,
} from './message-operations.ts';
import {
  addMember,
  appointOwner,
  changeRole,
  createRoom,
  deleteRoom,
  findDeletedRooms,
  findMembers,
  findPublicRooms,
  findRoom,
  handOver,
  listMembers,
  listPositionsOf,
  listRoomsOf,
  markManyRead,
  markRead,
  markUnread,
  removeMember,
  updateRoom,
} from './room-operations.ts';
import {
  deleteExpiredSessions,
  deleteSession,
  findSessions,
  insertSession,
  listSessions,
  rotateSession,
} from './session-operations.ts';
import type { Statements } from './statements.ts';
import {
  findUserByEmail,
  findUserById,
  findUsersByIds,
  firstUserId,
  insertUser,
  searchUsers,
  updateDisplayName,
} from './user-operations.ts';

/** Throws if the database cannot be read. */
function check(db: Statements): void {
  db.get('SELECT 1 FROM users LIMIT 1');
}

/** Operations of the reading thread: each sees all writes that were acknowledged before it started. */
export const READS = {
  changesAfter,
  check,
  findMembers,
  findEntriesByIds,
  findMessage,
  findPublicRooms,
  findRoom,
  findSessions,
  findUserByEmail,
  findUserById,
  findUsersByIds,
  firstUserId,
  findRoomHeads,
  newerRevs,
  lastMessages,
  listMembers,
  listPositionsOf,
  listRoomsOf,
  listSessions,
  messagesAfter,
  messagesBefore,
  messageVersions,
  searchUsers,
};

/** Reads that block a batch of commands; in the writing thread, where no other read delays them. */
export const WRITER_READS = {
  findDeletedRooms,
  planningState,
};

/** Operations that write; their results are returned after the commit. */
export const WRITES = {
  addMember,
  appendEntries,
  appointOwner,
  changeRole,
  createRoom,
  deleteExpiredSessions,
  deleteRoom,
  deleteSession,
  handOver,
  insertSession,
  insertUser,
  markManyRead,
  markRead,
  markUnread,
  removeMember,
  rotateSession,
  updateDisplayName,
  updateRoom,
};

export type Operations = typeof READS & typeof WRITER_READS & typeof WRITES;
export type OperationName = keyof Operations;

/** The arguments of an operation, without the database. */
export type OperationArguments<Name extends OperationName> = Operations[Name] extends (
  db: Statements,
  ...values: infer Values
) => unknown
  ? Values
  : never;
export type OperationResult<Name extends OperationName> = ReturnType<Operations[Name]>;
