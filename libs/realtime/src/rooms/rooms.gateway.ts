import { WebSocketGateway, type OnGatewayDisconnect } from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import {
  AcknowledgingClientEvent,
  type ClientEventAck,
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

  @AcknowledgingClientEvent('joinRoom')
  joinRoom(
    socket: ChatSocket,
    payload: ClientEventPayload<'joinRoom'>,
    acknowledge: ClientEventAck<'joinRoom'>,
  ): Promise<void> {
    return this.joins.join(socket, payload, acknowledge);
  }

  /** Acknowledges synchronously, like `joinRoom`: a later join could overtake the acknowledgement. */
  @AcknowledgingClientEvent('leaveRoom')
  leaveRoom(
    socket: ChatSocket,
    { roomId }: ClientEventPayload<'leaveRoom'>,
    acknowledge: ClientEventAck<'leaveRoom'>,
  ): void {
    this.joins.leave(socket, roomId);
    acknowledge({});
  }
}
