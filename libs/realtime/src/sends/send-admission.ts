import type { Identity } from '@chat/auth';
import { RateLimitedError } from '@chat/platform/failures';
import { RateLimiter } from '@chat/platform/limits';
import { Injectable } from '@nestjs/common';
import { RealtimeSettings } from '../realtime-settings.ts';
import { Memberships } from '../rooms/memberships.ts';

/** Checks the rate limit and the membership of a user who sends or changes messages. */
@Injectable()
export class SendAdmission {
  constructor(
    private readonly settings: RealtimeSettings,
    private readonly limiter: RateLimiter,
    private readonly memberships: Memberships,
  ) {}

  /**
   * @param joined settles when an earlier join of the room by the same socket has been acknowledged
   * @throws RateLimitedError, NotFoundError
   */
  async admit(
    { userId }: Identity,
    roomId: string,
    joined: Promise<unknown> | undefined,
  ): Promise<void> {
    const waitMs = await this.limiter.take(`send:${userId}`, this.settings.sendLimit);
    if (waitMs > 0) {
      throw new RateLimitedError('You are sending too fast. Please slow down.', waitMs);
    }
    await joined;
    await this.memberships.requireMember(userId, roomId);
  }
}
