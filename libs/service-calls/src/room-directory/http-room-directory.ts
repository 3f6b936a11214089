import type { Changes, Role, RoomHead } from '@chat/contracts';
import { RoomDirectory } from '@chat/realtime';
import type { ServiceClient } from '../service-client.ts';
import { ROOM_DIRECTORY_CALLS as CALLS } from './room-directory-calls.ts';

const MAX_HEADS_PER_CALL = 1_000;

/** What the edge asks of rooms and messages, of the messages service. */
export class HttpRoomDirectory extends RoomDirectory {
  constructor(private readonly messages: ServiceClient) {
    super();
  }

  join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    return this.messages.call(CALLS.join.path, { userId, roomId }, CALLS.join.answer);
  }

  async roleOf(userId: string, roomId: string): Promise<Role | undefined> {
    const { path, answer } = CALLS.roleOf;
    return (await this.messages.call(path, { userId, roomId }, answer)).role ?? undefined;
  }

  async heads(roomIds: readonly string[]): Promise<RoomHead[]> {
    const heads: RoomHead[] = [];
    for (let start = 0; start < roomIds.length; start += MAX_HEADS_PER_CALL) {
      const some = roomIds.slice(start, start + MAX_HEADS_PER_CALL);
      const { path, answer } = CALLS.heads;
      heads.push(...(await this.messages.call(path, { roomIds: some }, answer)).heads);
    }
    return heads;
  }

  changes(roomId: string, since: number, limit: number): Promise<Changes> {
    return this.messages.call(CALLS.changes.path, { roomId, since, limit }, CALLS.changes.answer);
  }
}
