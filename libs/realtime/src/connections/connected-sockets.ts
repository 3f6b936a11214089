import type { ServerEvent, ServerPayload, ServerToClientEvents } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import type { ChatServer, ChatSocket } from '../chat-socket.ts';
import { RoomFanOut, type RoomEvent } from '../fan-out/room-fan-out.ts';

const userChannel = (userId: string): string => `user:${userId}`;
const sessionChannel = (sessionId: string): string => `session:${sessionId}`;

/**
 * The sockets connected to this instance, by room, user and session. Events are emitted to local
 * sockets only: every instance receives the feed and the signals itself.
 */
@Injectable()
export class ConnectedSockets {
  #server: ChatServer | undefined;

  constructor(private readonly rooms: RoomFanOut) {}

  /** Sets the Socket.IO server; the gateway calls it once. */
  attach(server: ChatServer): void {
    this.#server = server;
  }

  get count(): number {
    return this.#server?.sockets.sockets.size ?? 0;
  }

  /** Registers the socket under its user and session. */
  async register(socket: ChatSocket): Promise<void> {
    const { userId, sessionId } = socket.data.identity;
    await socket.join([userChannel(userId), sessionChannel(sessionId)]);
  }

  /** Moves the socket to a different session of its user. */
  async moveSession(socket: ChatSocket, from: string, to: string): Promise<void> {
    await socket.leave(sessionChannel(from));
    await socket.join(sessionChannel(to));
  }

  /** Adds a socket to the room; returns false if it is closed: see {@link RoomFanOut.enter}. */
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

  /** Emits to the sockets of a room, in slices and in order with the messages of the room. */
  emitToRoom<E extends RoomEvent>(roomId: string, event: E, payload: ServerPayload<E>): void {
    this.rooms.send(roomId, event, payload);
  }

  /** Emits to the given sockets in slices; suitable for many sockets. */
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
