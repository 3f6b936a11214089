import { Module } from '@nestjs/common';
import { SocketsModule } from '../sockets.module.ts';
import { HeadFanOut } from './head-fan-out.ts';
import { UserChannel } from './user-channel.ts';
import { UserChannelGateway } from './user-channel.gateway.ts';
import { UserRoomsLoader } from './user-rooms-loader.ts';
import { UserRooms } from './user-rooms.ts';

/** What sockets receive about all rooms of their users, joined on the socket or not. */
@Module({
  imports: [SocketsModule],
  providers: [HeadFanOut, UserChannel, UserChannelGateway, UserRooms, UserRoomsLoader],
  exports: [UserChannel],
})
export class UserChannelModule {}
