import type { MarkReadResult, Role, RoomHead } from '@chat/contracts';
import {
  CommandAccess,
  MessageHistory,
  type RequestedCommand,
  type RoomRev,
  type StoredChanges,
} from '@chat/messages';
import { mapInChunks } from '@chat/platform/collections';
import { RoomDirectory, type Membership } from '@chat/realtime';
import {
  ReadPositions,
  RoomAccess,
  RoomsOfUsers,
  type PositionMove,
  type PositionsOfUsers,
} from '@chat/rooms';
import { Injectable } from '@nestjs/common';

/**
 * Maximum number of roles per store request, so that the store can process other requests between
 * chunks.
 */
const ROLES_CHUNK = 1_000;

/** RoomDirectory that calls the rooms and messages libraries in the same process. */
@Injectable()
export class InProcessRoomDirectory extends RoomDirectory {
  constructor(
    private readonly access: RoomAccess,
    private readonly roomsOfUsers: RoomsOfUsers,
    private readonly history: MessageHistory,
    private readonly commands: CommandAccess,
    private readonly readPositions: ReadPositions,
  ) {
    super();
  }

  override async join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const { role } = await this.access.join(userId, roomId);
    return { role, head: await this.head(roomId) };
  }

  override rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    return mapInChunks(memberships, ROLES_CHUNK, (chunk) => this.access.rolesOf(chunk));
  }

  override positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers> {
    return this.roomsOfUsers.positionsOf(userIds);
  }

  override head(roomId: string): Promise<RoomHead> {
    return this.history.headOf(roomId);
  }

  override newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.history.newerRevs(known);
  }

  override changes(roomId: string, since: number, limit: number): Promise<StoredChanges> {
    return this.history.changesOf(roomId, since, limit);
  }

  override requireAllowed(command: RequestedCommand): Promise<void> {
    return this.commands.requireAllowed(command);
  }

  override moveReadPosition(move: PositionMove): Promise<MarkReadResult> {
    return this.readPositions.move(move);
  }
}
