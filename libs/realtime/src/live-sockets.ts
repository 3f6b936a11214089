import type { ServerEvent, ServerPayload, ServerToClientEvents } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import type { ChatServer, ChatSocket } from './chat-socket.ts';
import { RoomFanOut, type RoomEvent } from './rooms/room-fan-out.ts';

const userChannel = (userId: string): string => `user:${userId}`;
const sessionChannel = (sessionId: string): string => `session:${sessionId}`;

/**
 * The sockets connected to this instance, by room, user and session. Everything
 * is emitted to local sockets only: every instance hears the feed and the
 * signals itself.
 */
@Injectable()
export class LiveSockets {
  #server: ChatServer | undefined;

  constructor(private readonly rooms: RoomFanOut) {}

  /** Called once, by the gateway. */
  attach(server: ChatServer): void {
    this.#server = server;
  }

  get count(): number {
    return this.#server?.sockets.sockets.size ?? 0;
  }

  /** Makes the socket reachable by its user and session. */
  async admit(socket: ChatSocket): Promise<void> {
    const { userId, sessionId } = socket.data.identity;
    await socket.join([userChannel(userId), sessionChannel(sessionId)]);
  }

  /** The socket now speaks for another session of its user. */
  async moveSession(socket: ChatSocket, from: string, to: string): Promise<void> {
    await socket.leave(sessionChannel(from));
    await socket.join(sessionChannel(to));
  }

  /** Returns false when the socket was closed meanwhile: see {@link RoomFanOut.enter}. */
  enterRoom(socket: ChatSocket, roomId: string): boolean {
    return this.rooms.enter(roomId, socket);
  }

  leaveRoom(socket: ChatSocket, roomId: string): void {
    this.rooms.leave(roomId, socket);
  }

  inRoom(roomId: string): ChatSocket[] {
    return this.rooms.socketsIn(roomId);
  }

  ofUser(userId: string): ChatSocket[] {
    return this.#socketsOf(userChannel(userId));
  }

  ofSession(sessionId: string): ChatSocket[] {
    return this.#socketsOf(sessionChannel(sessionId));
  }

  all(): ChatSocket[] {
    return [...this.#attached().sockets.sockets.values()];
  }

  /** In order with the room's messages, and in slices as these. */
  emitToRoom<E extends RoomEvent>(roomId: string, event: E, payload: ServerPayload<E>): void {
    this.rooms.send(roomId, event, payload);
  }

  /** In slices: for sockets that may be many. */
  emitTo<E extends ServerEvent>(
    sockets: Iterable<ChatSocket>,
    event: E,
    payload: ServerPayload<E>,
  ): void {
    this.rooms.sendTo(sockets, event, payload);
  }

  emitToUser<E extends ServerEvent>(
    userId: string,
    event: E,
    ...payload: Parameters<ServerToClientEvents[E]>
  ): void {
    this.#attached()
      .local.to(userChannel(userId))
      .emit(event, ...payload);
  }

  #socketsOf(channel: string): ChatSocket[] {
    const { adapter, sockets } = this.#attached().sockets;
    return [...(adapter.rooms.get(channel) ?? [])].flatMap((id) => sockets.get(id) ?? []);
  }

  #attached(): ChatServer {
    if (!this.#server) throw new Error('the Socket.IO server is not attached yet');
    return this.#server;
  }
}
