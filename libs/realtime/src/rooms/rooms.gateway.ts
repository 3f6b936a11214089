import { WebSocketGateway, type OnGatewayDisconnect } from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import {
  AnsweringClientEvent,
  type ClientEventAnswer,
  type ClientEventPayload,
} from '../events/client-event.ts';
import { JoinRoom } from './join-room.ts';

/** Client events that join and leave rooms. */
@WebSocketGateway()
export class RoomsGateway implements OnGatewayDisconnect<ChatSocket> {
  constructor(private readonly joins: JoinRoom) {}

  handleDisconnect(socket: ChatSocket): void {
    this.joins.leaveAll(socket);
  }

  @AnsweringClientEvent('joinRoom')
  joinRoom(
    socket: ChatSocket,
    payload: ClientEventPayload<'joinRoom'>,
    answer: ClientEventAnswer<'joinRoom'>,
  ): Promise<void> {
    return this.joins.join(socket, payload, answer);
  }

  /** Acknowledges directly, like `joinRoom`: otherwise a later join could overtake it. */
  @AnsweringClientEvent('leaveRoom')
  leaveRoom(
    socket: ChatSocket,
    { roomId }: ClientEventPayload<'leaveRoom'>,
    answer: ClientEventAnswer<'leaveRoom'>,
  ): void {
    this.joins.leave(socket, roomId);
    answer({});
  }
}
