import type { Role, Room } from '@chat/contracts';
import { Signals } from '@chat/platform/signals';
import { Injectable } from '@nestjs/common';
import { MEMBER_CHANGED } from './room-signals.ts';

/** Signals membership changes to the sockets of a room, after the changes are stored. */
@Injectable()
export class MembershipSignals {
  constructor(private readonly signals: Signals) {}

  /** @param role null for a user who is no longer a member */
  publish(room: Room, userId: string, role: Role | null): void {
    this.signals.publish(MEMBER_CHANGED, { room, userId, role });
  }
}
