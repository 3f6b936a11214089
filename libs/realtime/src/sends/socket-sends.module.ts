import { Module } from '@nestjs/common';
import { SocketRoomsModule } from '../rooms/socket-rooms.module.ts';
import { SocketsModule } from '../sockets.module.ts';
import { SendMessage } from './send-message.ts';
import { SendMetrics } from './send-metrics.ts';
import { SendsGateway } from './sends.gateway.ts';
import { SocketSends } from './socket-sends.ts';

/** Messages that sockets send. */
@Module({
  imports: [SocketsModule, SocketRoomsModule],
  providers: [SendMessage, SendMetrics, SendsGateway, SocketSends],
})
export class SocketSendsModule {}
