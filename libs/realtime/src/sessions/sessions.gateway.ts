import type { ClientResult } from '@chat/contracts';
import {
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import { ClientEvent, type ClientEventPayload } from '../events/client-event.ts';
import { SocketSessions } from './socket-sessions.ts';

/** Client event that renews the session of a socket. */
@WebSocketGateway()
export class SessionsGateway
  implements OnGatewayConnection<ChatSocket>, OnGatewayDisconnect<ChatSocket>
{
  constructor(private readonly sessions: SocketSessions) {}

  handleConnection(socket: ChatSocket): void {
    this.sessions.watch(socket);
  }

  handleDisconnect(socket: ChatSocket): void {
    this.sessions.unwatch(socket);
  }

  @ClientEvent('renewSession')
  renewSession(
    socket: ChatSocket,
    { token }: ClientEventPayload<'renewSession'>,
  ): Promise<ClientResult<'renewSession'>> {
    return this.sessions.renew(socket, token);
  }
}
