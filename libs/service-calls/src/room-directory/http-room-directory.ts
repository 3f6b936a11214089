import type { MarkReadResult, Role, RoomHead } from '@chat/contracts';
import {
  DeletedMessageError,
  type RequestedCommand,
  type RoomRev,
  type StoredChanges,
} from '@chat/messages';
import { mapInChunks } from '@chat/platform/collections';
import {
  ConflictError,
  Failure,
  ForbiddenError,
  NotFoundError,
  UnavailableError,
} from '@chat/platform/failures';
import { RoomDirectory, type Membership } from '@chat/realtime';
import type { PositionMove, PositionsOfUsers } from '@chat/rooms';
import type { ServiceClient } from '../service-client.ts';
import { MAX_ROLES_PER_CALL, ROOM_DIRECTORY_CALLS as CALLS } from './room-directory-calls.ts';

const REFUSALS = {
  NOT_FOUND: NotFoundError,
  FORBIDDEN: ForbiddenError,
  CONFLICT: ConflictError,
} as const;

/** RoomDirectory that calls the `messages` service. */
export class HttpRoomDirectory extends RoomDirectory {
  constructor(private readonly messages: ServiceClient) {
    super();
  }

  join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    return this.messages.call(CALLS.join.path, { userId, roomId }, CALLS.join.response);
  }

  async rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    const { path, response } = CALLS.rolesOf;
    return mapInChunks(memberships, MAX_ROLES_PER_CALL, async (chunk) => {
      const { roles } = await this.messages.call(path, { memberships: chunk }, response);
      return roles.map((role) => role ?? undefined);
    });
  }

  positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers> {
    return this.messages.call(CALLS.positionsOf.path, { userIds }, CALLS.positionsOf.response);
  }

  head(roomId: string): Promise<RoomHead> {
    return this.messages.call(CALLS.head.path, { roomId }, CALLS.head.response);
  }

  async newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    const { path, response } = CALLS.newerRevs;
    return (await this.messages.call(path, { known }, response)).moved;
  }

  changes(roomId: string, since: number, limit: number): Promise<StoredChanges> {
    return this.messages.call(CALLS.changes.path, { roomId, since, limit }, CALLS.changes.response);
  }

  async requireAllowed(command: RequestedCommand): Promise<void> {
    const { path, response } = CALLS.requireAllowed;
    const { refusal } = await this.messages.call(path, command, response).catch(explainOldInstance);
    if (refusal?.isDeleted) throw new DeletedMessageError();
    if (refusal) throw new REFUSALS[refusal.code](refusal.message);
  }

  async moveReadPosition(move: PositionMove): Promise<MarkReadResult> {
    const { path, response } = CALLS.moveReadPosition;
    const { position } = await this.messages.call(path, move, response).catch(explainOldInstance);
    if (!position) throw new NotFoundError('This room does not exist, or you are not a member.');
    return position;
  }
}

/** An instance of an earlier version does not know the call. */
function explainOldInstance(error: unknown): never {
  if (!(error instanceof Failure) || error.code !== 'NOT_FOUND') throw error;
  throw new UnavailableError('The server is being updated. Please try again.', 5_000, error);
}
