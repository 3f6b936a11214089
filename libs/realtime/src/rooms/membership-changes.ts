import type { Role, Room } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import { ConnectedSockets } from '../connected-sockets.ts';
import { JoinRoom } from './join-room.ts';
import { Memberships } from './memberships.ts';
import { RoomStreams } from './room-streams.ts';

/** Applies changes of memberships to the sockets of the affected users and rooms. */
@Injectable()
export class MembershipChanges {
  constructor(
    private readonly memberships: Memberships,
    private readonly joins: JoinRoom,
    private readonly streams: RoomStreams,
    private readonly sockets: ConnectedSockets,
  ) {}

  /** Applies a signal about a member; does nothing if an earlier signal said the same. */
  apply(room: Room, userId: string, role: Role | null): void {
    if (!this.memberships.applySignal(userId, room.id, role ?? undefined)) return;
    if (role) this.sockets.emitToUser(userId, 'roomAdded', room);
    else this.#removeUser(userId, room.id);
    this.sockets.emitToRoom(room.id, 'memberChanged', { roomId: room.id, userId, role });
  }

  /** Applies a signal that a room was deleted to the sockets in the room and of all its members. */
  applyDeletion(roomId: string, userIds: readonly string[]): void {
    this.memberships.applyDeletion(roomId);
    const ofMembers = userIds.flatMap((userId) => this.sockets.ofUser(userId));
    const sockets = new Set([...this.sockets.inRoom(roomId), ...ofMembers]);
    for (const socket of sockets) this.joins.removeFromRoom(socket, roomId);
    this.sockets.emitTo(sockets, 'roomRemoved', { roomId });
  }

  /** Removes users from rooms of which they are no longer members, in case a signal was lost. */
  async recheck(): Promise<void> {
    const present = this.streams.roomIds().flatMap((roomId) => {
      const userIds = new Set(this.sockets.inRoom(roomId).map(({ data }) => data.identity.userId));
      return [...userIds].map((userId) => ({ userId, roomId }));
    });
    await this.memberships.recheck(present, ({ userId, roomId }) => {
      this.#removeUser(userId, roomId);
    });
  }

  #removeUser(userId: string, roomId: string): void {
    for (const socket of this.sockets.ofUser(userId)) this.joins.removeFromRoom(socket, roomId);
    this.sockets.emitToUser(userId, 'roomRemoved', { roomId });
  }
}
