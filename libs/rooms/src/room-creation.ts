import { GENERAL_ROOM_ID, type CreateRoomRequest, type Room } from '@chat/contracts';
import { ConflictError, RateLimitedError } from '@chat/platform/failures';
import { RateLimiter, type RateLimit } from '@chat/platform/limits';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MembershipSignals } from './membership-signals.ts';
import { privateRoomId } from './private-room-id.ts';
import { RoomStore, type RoomRecord } from './room-store.ts';
import { toRoom } from './to-room.ts';

/** Rate limit per user for creating rooms. */
const CREATION_LIMIT: RateLimit = { points: 10, windowMs: 60_000, burst: 30 };

/** Creates rooms within a rate limit. */
@Injectable()
export class RoomCreation implements OnModuleInit {
  constructor(
    private readonly store: RoomStore,
    private readonly limiter: RateLimiter,
    private readonly membershipSignals: MembershipSignals,
  ) {}

  /** Creates `general` unless another instance has created it. */
  async onModuleInit(): Promise<void> {
    await this.store.createRoom({
      id: GENERAL_ROOM_ID,
      name: GENERAL_ROOM_ID,
      visibility: 'public',
      createdAt: new Date().toISOString(),
    });
  }

  /**
   * Creates a room with the user as its owner.
   *
   * @throws ConflictError when a public room with that name exists
   * @throws RateLimitedError
   */
  async create(userId: string, { name, visibility, topic }: CreateRoomRequest): Promise<Room> {
    const room: RoomRecord = {
      id: visibility === 'public' ? name : privateRoomId(),
      name,
      visibility,
      ...(topic ? { topic } : {}),
      createdBy: userId,
      createdAt: new Date().toISOString(),
    };
    if (!(await this.#insert(userId, room))) {
      throw new ConflictError('A room with this name already exists.', [
        { path: 'name', message: 'This name is taken.' },
      ]);
    }
    return toRoom(room);
  }

  /**
   * Creates a public room with the user as its owner; does nothing if the room already exists.
   *
   * @throws RateLimitedError
   */
  async createByJoining(userId: string, roomId: string): Promise<void> {
    await this.#insert(userId, {
      id: roomId,
      name: roomId,
      visibility: 'public',
      createdBy: userId,
      createdAt: new Date().toISOString(),
    });
  }

  async #insert(userId: string, room: RoomRecord): Promise<boolean> {
    const waitMs = await this.limiter.take(`create-room:${userId}`, CREATION_LIMIT);
    if (waitMs > 0) {
      throw new RateLimitedError(
        'You are creating rooms too quickly. Please wait a moment.',
        waitMs,
      );
    }
    const created = await this.store.createRoom(room, {
      roomId: room.id,
      userId,
      role: 'owner',
      joinedAt: room.createdAt,
      lastReadSeq: 0,
    });
    if (created) this.membershipSignals.publish(toRoom(room), userId, 'owner');
    return created;
  }
}
