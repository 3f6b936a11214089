import type { Role, Room } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import { LiveSockets } from '../live-sockets.ts';
import { JoinRoom } from './join-room.ts';
import { Memberships } from './memberships.ts';
import { RoomStreams } from './room-streams.ts';

/** Carries changes of membership to the sockets that they concern. */
@Injectable()
export class MembershipChanges {
  constructor(
    private readonly memberships: Memberships,
    private readonly joins: JoinRoom,
    private readonly streams: RoomStreams,
    private readonly sockets: LiveSockets,
  ) {}

  /** What a signal told; nothing happens when it told the same before. */
  apply(room: Room, userId: string, role: Role | null): void {
    if (!this.memberships.tell(userId, room.id, role ?? undefined)) return;
    if (role) this.sockets.emitToUser(userId, 'roomAdded', room);
    else this.#expel(userId, room.id);
    this.sockets.emitToRoom(room.id, 'memberChanged', { roomId: room.id, userId, role });
  }

  /** What a signal told: the room is gone, for who is in it here and for all its other members. */
  applyDeletion(roomId: string, userIds: readonly string[]): void {
    this.memberships.tellDeleted(roomId);
    const ofMembers = userIds.flatMap((userId) => this.sockets.ofUser(userId));
    const sockets = new Set([...this.sockets.inRoom(roomId), ...ofMembers]);
    for (const socket of sockets) this.joins.takeOut(socket, roomId);
    this.sockets.emitTo(sockets, 'roomRemoved', { roomId });
  }

  /** Takes out of every room who is no longer a member, in case a signal was lost. */
  async recheck(): Promise<void> {
    const present = this.streams.roomIds().flatMap((roomId) => {
      const userIds = new Set(this.sockets.inRoom(roomId).map(({ data }) => data.identity.userId));
      return [...userIds].map((userId) => ({ userId, roomId }));
    });
    await this.memberships.recheck(present, ({ userId, roomId }) => this.#expel(userId, roomId));
  }

  #expel(userId: string, roomId: string): void {
    for (const socket of this.sockets.ofUser(userId)) this.joins.takeOut(socket, roomId);
    this.sockets.emitToUser(userId, 'roomRemoved', { roomId });
  }
}
