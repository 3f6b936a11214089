import type { Changes, Role, RoomHead, RoomRev } from '@chat/contracts';

/** A user's place in a room, whether or not it is taken. */
export interface Membership {
  readonly userId: string;
  readonly roomId: string;
}

/** Rooms that are asked about at once: so many fit into a request, whatever their names. */
export const MAX_REVS_ASKED = 500;

/** What the edge must know of rooms and their messages; `chat` has no database of its own. */
export abstract class RoomDirectory {
  /**
   * The room, the user's role in it and how far it has come, after making the
   * user a member of a public room, and a well-formed unknown public room where
   * the settings allow it.
   *
   * @throws NotFoundError for a room that does not exist or that the user may not know of.
   */
  abstract join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }>;
  /** The roles in their order; undefined for anybody who is not a member, and for rooms that do not exist. */
  abstract rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]>;
  /** How far the room has come; zeros for a room without messages. */
  abstract head(roomId: string): Promise<RoomHead>;
  /**
   * The rev of those rooms that have come further than the rev given; the others are left out.
   *
   * @param known at most {@link MAX_REVS_ASKED}
   */
  abstract revsBeyond(known: readonly RoomRev[]): Promise<RoomRev[]>;
  /** As GET /messages/changes, without authorisation. */
  abstract changes(roomId: string, since: number, limit: number): Promise<Changes>;
}
