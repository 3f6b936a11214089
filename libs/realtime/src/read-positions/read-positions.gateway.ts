import type { ClientResult, MarkReadResult } from '@chat/contracts';
import type { PositionMove } from '@chat/rooms';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import { ClientEvent, type ClientEventPayload } from '../events/client-event.ts';
import { JoinRoom } from '../rooms/join-room.ts';
import { MoveReadPosition } from './move-read-position.ts';

/** Client events that move the read position of the user in a room. */
@WebSocketGateway()
export class ReadPositionsGateway {
  constructor(
    private readonly joins: JoinRoom,
    private readonly positions: MoveReadPosition,
  ) {}

  @ClientEvent('markRead')
  markRead(
    socket: ChatSocket,
    payload: ClientEventPayload<'markRead'>,
  ): Promise<ClientResult<'markRead'>> {
    return this.#move(socket, { ...payload, backwards: false });
  }

  @ClientEvent('markUnread')
  markUnread(
    socket: ChatSocket,
    payload: ClientEventPayload<'markUnread'>,
  ): Promise<ClientResult<'markUnread'>> {
    return this.#move(socket, { ...payload, backwards: true });
  }

  #move(
    socket: ChatSocket,
    { roomId, seq, backwards }: Omit<PositionMove, 'userId' | 'socketId'>,
  ): Promise<MarkReadResult> {
    const { userId } = socket.data.identity;
    const joined = this.joins.pendingJoin(socket, roomId);
    return this.positions.move({ userId, roomId, seq, backwards, socketId: socket.id }, joined);
  }
}
