import type { ClientResult } from '@chat/contracts';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import { ClientEvent, type ClientEventPayload } from '../events/client-event.ts';
import { JoinRoom } from '../rooms/join-room.ts';
import { SendMessage } from './send-message.ts';
import { SendMetrics } from './send-metrics.ts';
import { SocketSends } from './socket-sends.ts';

/** Client event that sends a message. */
@WebSocketGateway()
export class SendsGateway {
  constructor(
    private readonly joins: JoinRoom,
    private readonly sends: SocketSends,
    private readonly sendMessages: SendMessage,
    private readonly metrics: SendMetrics,
  ) {}

  @ClientEvent('sendMessage')
  sendMessage(
    socket: ChatSocket,
    payload: ClientEventPayload<'sendMessage'>,
  ): Promise<ClientResult<'sendMessage'>> {
    const joined = this.joins.pendingJoin(socket, payload.roomId);
    return this.metrics.measure(
      this.sends.run(socket, payload.roomId, (order) =>
        this.sendMessages.send(socket, payload, order, joined),
      ),
    );
  }
}
