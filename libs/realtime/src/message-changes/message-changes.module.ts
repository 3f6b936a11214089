import { Module } from '@nestjs/common';
import { SocketRoomsModule } from '../rooms/socket-rooms.module.ts';
import { SocketSendsModule } from '../sends/socket-sends.module.ts';
import { SocketsModule } from '../sockets.module.ts';
import { ChangeMessage } from './change-message.ts';
import { MessageChangesGateway } from './message-changes.gateway.ts';

/** Edits, deletions and reactions by sockets. */
@Module({
  imports: [SocketsModule, SocketRoomsModule, SocketSendsModule],
  providers: [ChangeMessage, MessageChangesGateway],
})
export class MessageChangesModule {}
