import { Module } from '@nestjs/common';
import { SocketRoomsModule } from '../rooms/socket-rooms.module.ts';
import { SocketsModule } from '../sockets.module.ts';
import { RecentSends } from './recent-sends.ts';
import { SendAdmission } from './send-admission.ts';
import { SendMessage } from './send-message.ts';
import { SendMetrics } from './send-metrics.ts';
import { SendsGateway } from './sends.gateway.ts';
import { SocketSends } from './socket-sends.ts';

/** Messages that sockets send. */
@Module({
  imports: [SocketsModule, SocketRoomsModule],
  providers: [RecentSends, SendAdmission, SendMessage, SendMetrics, SendsGateway, SocketSends],
  exports: [RecentSends, SendAdmission, SocketSends],
})
export class SocketSendsModule {}
