import { Global, Module } from '@nestjs/common';
import { MemberNotices } from './member-notices.ts';
import { Members } from './members.ts';
import { MembershipLimit } from './membership-limit.ts';
import { RoomAccess } from './room-access.ts';
import { RoomCreation } from './room-creation.ts';
import { RoomsController } from './rooms.controller.ts';
import { Rooms } from './rooms.ts';

/**
 * Rooms and members. The app provides, globally: RoomStore, RoomSettings,
 * UserDirectory, RoomActivity, RateLimiter and Signals. It is global itself,
 * because others ask RoomAccess who may read and write.
 */
@Global()
@Module({
  controllers: [RoomsController],
  providers: [MemberNotices, MembershipLimit, Members, RoomAccess, RoomCreation, Rooms],
  exports: [RoomAccess],
})
export class RoomsModule {}
