import { Module } from '@nestjs/common';
import { SocketRoomsModule } from '../rooms/socket-rooms.module.ts';
import { SocketSendsModule } from '../sends/socket-sends.module.ts';
import { SocketsModule } from '../sockets.module.ts';
import { MoveReadPosition } from './move-read-position.ts';
import { MovedPositions } from './moved-positions.ts';
import { ReadPositionsGateway } from './read-positions.gateway.ts';

/** Read positions that sockets move, and events about them. */
@Module({
  imports: [SocketsModule, SocketRoomsModule, SocketSendsModule],
  providers: [MoveReadPosition, MovedPositions, ReadPositionsGateway],
})
export class ReadPositionsModule {}
