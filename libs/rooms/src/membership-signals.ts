import type { Role, Room } from '@chat/contracts';
import { Signals } from '@chat/platform';
import { Injectable } from '@nestjs/common';

/** Tells sockets of changes to rooms, after they are stored. */
@Injectable()
export class MemberNotices {
  constructor(private readonly signals: Signals) {}

  /** @param role null for somebody who is no longer a member */
  changed(room: Room, userId: string, role: Role | null): void {
    this.signals.publish({ type: 'member-changed', room, userId, role });
  }
}
