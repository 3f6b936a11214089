import type { Room } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import { MembershipSignals } from './membership-signals.ts';
import { RoomActivity } from './room-activity.ts';
import { RoomStore } from './room-store.ts';

/** Stores and signals users who become plain members. */
@Injectable()
export class NewMembers {
  constructor(
    private readonly store: RoomStore,
    private readonly activity: RoomActivity,
    private readonly membershipSignals: MembershipSignals,
  ) {}

  /**
   * Makes a user a member for whom all present messages count as read. Returns false, and changes
   * nothing, if the user is already a member or the room was deleted.
   */
  async add(room: Room, userId: string): Promise<boolean> {
    const heads = await this.activity.headsOf([room.id]);
    const added = await this.store.addMember({
      roomId: room.id,
      userId,
      role: 'member',
      joinedAt: new Date().toISOString(),
      lastReadSeq: heads.get(room.id)?.seq ?? 0,
    });
    if (added) this.membershipSignals.publish(room, userId, 'member');
    return added;
  }
}
