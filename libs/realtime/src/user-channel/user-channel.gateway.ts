import {
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import { UserChannel } from './user-channel.ts';

/** Adds sockets to the user channel, and removes them. */
@WebSocketGateway()
export class UserChannelGateway
  implements OnGatewayConnection<ChatSocket>, OnGatewayDisconnect<ChatSocket>
{
  constructor(private readonly channel: UserChannel) {}

  handleConnection(socket: ChatSocket): void {
    // A socket that is closed already is not reported as disconnected again.
    if (socket.connected) this.channel.connect(socket);
  }

  handleDisconnect(socket: ChatSocket): void {
    this.channel.disconnect(socket);
  }
}
