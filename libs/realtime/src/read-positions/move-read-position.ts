import type { MarkReadResult } from '@chat/contracts';
import { RateLimitedError } from '@chat/platform/failures';
import { RateLimiter, type RateLimit } from '@chat/platform/limits';
import type { PositionMove } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { RoomDirectory } from '../room-directory.ts';
import { Memberships } from '../rooms/memberships.ts';

/** Rate limit per user for moving read positions; each move reads and writes the store. */
const LIMIT: RateLimit = { points: 10, windowMs: 1_000, burst: 100 };

/** Moves read positions for sockets: checks the rate and the membership, then stores. */
@Injectable()
export class MoveReadPosition {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly memberships: Memberships,
    private readonly directory: RoomDirectory,
  ) {}

  /**
   * Moves the position of the user, and returns the stored one.
   *
   * @param joined settles when an earlier join of the room by the same socket has been acknowledged
   * @throws RateLimitedError, NotFoundError, UnavailableError
   */
  async move(move: PositionMove, joined: Promise<unknown> | undefined): Promise<MarkReadResult> {
    const { userId, roomId } = move;
    const waitMs = await this.limiter.take(`read-position:${userId}`, LIMIT);
    if (waitMs > 0) {
      throw new RateLimitedError('You are marking messages too fast. Please slow down.', waitMs);
    }
    await joined;
    await this.memberships.requireMember(userId, roomId);
    return this.directory.moveReadPosition(move);
  }
}
