import { Module } from '@nestjs/common';
import { SocketsModule } from '../sockets.module.ts';
import { UserChannelModule } from '../user-channel/user-channel.module.ts';
import { JoinRoom } from './join-room.ts';
import { MembershipChanges } from './membership-changes.ts';
import { Memberships } from './memberships.ts';
import { RecentChanges } from './recent-changes.ts';
import { RoomStreams } from './room-streams.ts';
import { RoomUpdates } from './room-updates.ts';
import { RoomsGateway } from './rooms.gateway.ts';
import { DeliveryMetrics } from './delivery-metrics.ts';

/** Rooms of sockets: joining and leaving, and the changes that they receive. */
@Module({
  imports: [SocketsModule, UserChannelModule],
  providers: [
    JoinRoom,
    MembershipChanges,
    Memberships,
    { provide: RecentChanges, useFactory: () => new RecentChanges() },
    RoomsGateway,
    RoomStreams,
    RoomUpdates,
    DeliveryMetrics,
  ],
  exports: [JoinRoom, Memberships],
})
export class SocketRoomsModule {}
