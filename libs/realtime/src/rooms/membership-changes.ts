import type { Role, Room } from '@chat/contracts';
import { MEMBER_CHANGED, ROOM_DELETED, ROOM_UPDATED } from '@chat/rooms/signals';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { SignalListener } from '../signals/signal-listener.ts';
import { SocketRechecks } from '../signals/socket-rechecks.ts';
import { UserChannel } from '../user-channel/user-channel.ts';
import { JoinRoom } from './join-room.ts';
import { Memberships } from './memberships.ts';
import { RoomStreams } from './room-streams.ts';
import { RoomUpdates } from './room-updates.ts';

/** Applies changes of rooms and memberships to the sockets of the affected users and rooms. */
@Injectable()
export class MembershipChanges implements OnModuleInit {
  constructor(
    private readonly memberships: Memberships,
    private readonly joins: JoinRoom,
    private readonly streams: RoomStreams,
    private readonly channel: UserChannel,
    private readonly updates: RoomUpdates,
    private readonly sockets: ConnectedSockets,
    private readonly signals: SignalListener,
    private readonly rechecks: SocketRechecks,
  ) {}

  onModuleInit(): void {
    this.signals.on(MEMBER_CHANGED, ({ room, userId, role }) => this.apply(room, userId, role));
    this.signals.on(ROOM_DELETED, ({ roomId, userIds }) => this.applyDeletion(roomId, userIds));
    this.signals.on(ROOM_UPDATED, ({ room }) => this.updates.emit(room));
    this.channel.onMembershipEnded(({ userId, roomId }) => this.#removeUser(userId, roomId));
    this.rechecks.register(() => this.recheck());
  }

  /** Applies a signal about a member; does nothing if an earlier signal reported the same. */
  apply(room: Room, userId: string, role: Role | null): void {
    if (role) this.channel.addMember(userId, room.id);
    else this.channel.removeMember(userId, room.id);
    if (!this.memberships.applySignal(userId, room.id, role ?? undefined)) return;
    if (role) this.sockets.emitToUser(userId, 'roomAdded', room);
    else this.#removeUser(userId, room.id);
    this.sockets.emitToRoom(room.id, 'memberChanged', { roomId: room.id, userId, role });
  }

  /**
   * Applies the deletion of a room to the sockets in the room and those of all its members. There
   * are several signals about a room with many members; the first one is for all known members.
   */
  applyDeletion(roomId: string, userIds: readonly string[]): void {
    this.memberships.applyDeletion(roomId);
    const sockets = new Set([
      ...this.sockets.inRoom(roomId),
      ...this.channel.memberSocketsOf(roomId),
      ...userIds
        .filter((userId) => !this.channel.knowsRoomsOf(userId))
        .flatMap((userId) => this.sockets.ofUser(userId)),
    ]);
    this.channel.removeRoom(roomId);
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
      // The user channel has a recheck of its own, which may have removed the user already.
      if (this.#removeSockets(userId, roomId)) this.#notifyRemoved(userId, roomId);
    });
  }

  #removeUser(userId: string, roomId: string): void {
    this.#removeSockets(userId, roomId);
    this.#notifyRemoved(userId, roomId);
  }

  #notifyRemoved(userId: string, roomId: string): void {
    this.channel.removeMember(userId, roomId);
    this.sockets.emitToUser(userId, 'roomRemoved', { roomId });
  }

  /** Removes the sockets of the user from the room; returns whether there were any. */
  #removeSockets(userId: string, roomId: string): boolean {
    const sockets = this.sockets.ofUser(userId);
    return sockets.filter((socket) => this.joins.removeFromRoom(socket, roomId)).length > 0;
  }
}
