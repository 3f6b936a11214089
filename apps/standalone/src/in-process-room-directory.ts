import type { Changes, Role, RoomHead, RoomRev } from '@chat/contracts';
import { MessageHistory } from '@chat/messages';
import { inParts } from '@chat/platform';
import { RoomDirectory, type Membership } from '@chat/realtime';
import { RoomAccess } from '@chat/rooms';
import { Injectable } from '@nestjs/common';

/** The store answers others in between. */
const MAX_ROLES_AT_ONCE = 1_000;

/** What the edge asks of rooms and messages, in one process: function calls. */
@Injectable()
export class InProcessRoomDirectory extends RoomDirectory {
  constructor(
    private readonly access: RoomAccess,
    private readonly history: MessageHistory,
  ) {
    super();
  }

  override async join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const { role } = await this.access.join(userId, roomId);
    return { role, head: await this.head(roomId) };
  }

  override rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    return inParts(memberships, MAX_ROLES_AT_ONCE, (some) => this.access.rolesOf(some));
  }

  override head(roomId: string): Promise<RoomHead> {
    return this.history.headOf(roomId);
  }

  override revsBeyond(known: readonly RoomRev[]): Promise<RoomRev[]> {
    return this.history.revsBeyond(known);
  }

  override changes(roomId: string, since: number, limit: number): Promise<Changes> {
    return this.history.changesOf(roomId, since, limit);
  }
}
