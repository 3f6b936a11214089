import type { Changes, Message, Role, RoomHead } from '@chat/contracts';
import type { RoomChange, RoomRev } from '@chat/messages';
import type { MessageCreate } from '@chat/messages/commands';
import { NotFoundError } from '@chat/platform/failures';
import type { Membership, MessagePublisher, RoomDirectory } from '@chat/realtime';
import type { PositionsOfUsers } from '@chat/rooms';

/** Fake `messages` service with one room, shared by all chat instances of a test. */
export class SharedRooms implements RoomDirectory, MessagePublisher {
  readonly members = new Set<string>();
  readonly stored: Message[] = [];

  /** @param onPublish called with each stored message */
  constructor(private readonly onPublish: (roomId: string, changes: RoomChange[]) => void) {}

  publish(event: MessageCreate): Promise<string> {
    const position = this.stored.length + 1;
    const message = { ...event, seq: position, rev: position };
    this.stored.push(message);
    this.onPublish(event.roomId, [{ roomId: event.roomId, rev: position, message }]);
    return Promise.resolve(event.id);
  }

  join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    if (!this.members.has(userId)) return Promise.reject(new NotFoundError('There is no room.'));
    return Promise.resolve({ role: 'member', head: this.#headOf(roomId) });
  }

  rolesOf(memberships: readonly Membership[]): Promise<(Role | undefined)[]> {
    return Promise.resolve(
      memberships.map(({ userId }) => (this.members.has(userId) ? 'member' : undefined)),
    );
  }

  positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers> {
    const positions = userIds
      .filter((userId) => this.members.has(userId))
      .map((userId) => ({ roomId: 'den', userId, lastReadSeq: 0 }));
    return Promise.resolve({ positions, complete: true });
  }

  head(roomId: string): Promise<RoomHead> {
    return Promise.resolve(this.#headOf(roomId));
  }

  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    const rev = this.stored.length;
    return Promise.resolve(
      known.filter((room) => room.rev < rev).map(({ roomId }) => ({ roomId, rev })),
    );
  }

  changes(_roomId: string, since: number): Promise<Changes> {
    const rev = this.stored.length;
    return Promise.resolve({ rev, complete: true, changes: this.stored.slice(since) });
  }

  #headOf(roomId: string): RoomHead {
    return { roomId, seq: this.stored.length, rev: this.stored.length };
  }
  requireAllowed(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  moveReadPosition(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }

  publishCommand(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
}
