import { RateLimitedError } from '@chat/platform/failures';
import { RateLimiter, type RateLimit } from '@chat/platform/limits';
import { Refusals } from '@chat/platform/monitoring';
import { Injectable } from '@nestjs/common';

/** Rate limit per user for membership changes; each is broadcast to all members of the room. */
const CHANGE_LIMIT: RateLimit = { points: 5, windowMs: 1_000, burst: 200 };

/** Limits how fast a user joins and leaves rooms, and adds and removes others. */
@Injectable()
export class MembershipLimit {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly refusals: Refusals,
  ) {}

  /** Counts a change; call it before the change. @throws RateLimitedError */
  async admit(userId: string): Promise<void> {
    const waitMs = await this.limiter.take(`membership:${userId}`, CHANGE_LIMIT);
    if (waitMs <= 0) return;
    this.refusals.count('membership_changes');
    throw new RateLimitedError(
      'You are changing memberships too quickly. Please wait a moment.',
      waitMs,
    );
  }
}
