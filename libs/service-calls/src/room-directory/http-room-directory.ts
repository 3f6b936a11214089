import type { Changes, Role, RoomHead } from '@chat/contracts';
import type { RoomRev } from '@chat/messages';
import { mapInChunks } from '@chat/platform/collections';
import { RoomDirectory, type Membership } from '@chat/realtime';
import type { ServiceClient } from '../service-client.ts';
import { MAX_ROLES_PER_CALL, ROOM_DIRECTORY_CALLS as CALLS } from './room-directory-calls.ts';

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

  head(roomId: string): Promise<RoomHead> {
    return this.messages.call(CALLS.head.path, { roomId }, CALLS.head.response);
  }

  async newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    const { path, response } = CALLS.newerRevs;
    return (await this.messages.call(path, { known }, response)).moved;
  }

  changes(roomId: string, since: number, limit: number): Promise<Changes> {
    return this.messages.call(CALLS.changes.path, { roomId, since, limit }, CALLS.changes.response);
  }
}
