import { Global, Module } from '@nestjs/common';
import { GeneralOwner } from './general-owner.ts';
import { Members } from './members.ts';
import { MembershipLimit } from './membership-limit.ts';
import { MembershipSignals } from './membership-signals.ts';
import { NewMembers } from './new-members.ts';
import { ReadPositions } from './read-positions.ts';
import { RoomAccess } from './room-access.ts';
import { RoomCreation } from './room-creation.ts';
import { RoomsController } from './rooms.controller.ts';
import { Rooms } from './rooms.ts';
import { RoomsOfUsers } from './rooms-of-users.ts';

/**
 * Provides rooms and members. The application must provide RoomStore, RoomSettings,
 * UserDirectory, RoomActivity, RateLimiter and Signals globally. This module is global,
 * because other modules use RoomAccess, ReadPositions and RoomsOfUsers.
 */
@Global()
@Module({
  controllers: [RoomsController],
  providers: [
    GeneralOwner,
    MembershipLimit,
    MembershipSignals,
    Members,
    NewMembers,
    ReadPositions,
    RoomAccess,
    RoomCreation,
    Rooms,
    RoomsOfUsers,
  ],
  exports: [ReadPositions, RoomAccess, RoomsOfUsers],
})
export class RoomsModule {}
