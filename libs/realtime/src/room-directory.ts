import type { MarkReadResult, Role, RoomHead } from '@chat/contracts';
import type { RequestedCommand, RoomRev, StoredChanges } from '@chat/messages';
import type { PositionMove, PositionsOfUsers } from '@chat/rooms';

/** A pair of user and room; the user may or may not be a member. */
export interface Membership {
  readonly userId: string;
  readonly roomId: string;
}

/** Maximum rooms per `newerRevs` call: these fit into a request regardless of name length. */
export const MAX_REVS_PER_CALL = 500;

/** Maximum users per `positionsOf` call. */
export const MAX_USERS_PER_CALL = 50;

/** Rooms and their messages as the socket server needs them; `chat` has no database. */
export abstract class RoomDirectory {
  /**
   * Makes the user a member if the room is public, and returns the user's role and the head of
   * the room. Creates an unknown public room if its name is well-formed and the settings allow it.
   *
   * @throws NotFoundError for a room that does not exist or that is hidden from the user
   */
  abstract join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }>;
  /**
   * Returns the roles in the order of `memberships`; undefined for users who are not members, and
   * for rooms that do not exist.
   */
  abstract rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]>;
  /**
   * Returns the rooms of users, with their read positions. If they are not complete, the caller
   * requests fewer users; those of a single user are then the only ones that it gets.
   *
   * @param userIds at most {@link MAX_USERS_PER_CALL}
   */
  abstract positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers>;
  /** Returns the newest seq and rev of the room; zeros for a room without messages. */
  abstract head(roomId: string): Promise<RoomHead>;
  /**
   * Returns the rev of those rooms whose rev is higher than the given one; omits the others.
   *
   * @param known at most {@link MAX_REVS_PER_CALL}
   */
  abstract newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]>;
  /**
   * Returns a page of changes like GET /messages/changes, but without authorization. The head that
   * it was read up to is never older than that of an earlier page.
   */
  abstract changes(roomId: string, since: number, limit: number): Promise<StoredChanges>;
  /**
   * Does nothing if the user may change the message.
   *
   * @throws NotFoundError for a message that does not exist or that the user may not read
   * @throws DeletedMessageError
   * @throws ForbiddenError
   * @throws ConflictError for a reaction beyond the limits of a message
   */
  abstract requireAllowed(command: RequestedCommand): Promise<void>;
  /**
   * Moves the read position of a member, and signals that to all processes.
   *
   * @throws NotFoundError for a user who is not a member, and for a room that does not exist
   */
  abstract moveReadPosition(move: PositionMove): Promise<MarkReadResult>;
}
