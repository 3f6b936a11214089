import { GENERAL_ROOM_ID, type CreateRoomRequest, type Room } from '@chat/contracts';
import { ConflictError, RateLimitedError, RateLimiter, type RateLimit } from '@chat/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MemberNotices } from './member-notices.ts';
import { privateRoomId } from './private-room-id.ts';
import { RoomStore, type RoomRecord } from './room-store.ts';
import { toRoom } from './room-views.ts';

/** Rooms that one user may make. */
const CREATION_LIMIT: RateLimit = { points: 10, perMs: 60_000, burst: 30 };

/** Makes rooms. */
@Injectable()
export class RoomCreation implements OnModuleInit {
  constructor(
    private readonly store: RoomStore,
    private readonly limiter: RateLimiter,
    private readonly notices: MemberNotices,
  ) {}

  /** `general` exists from the start, whichever instance starts first. */
  async onModuleInit(): Promise<void> {
    await this.store.createRoom({
      id: GENERAL_ROOM_ID,
      name: GENERAL_ROOM_ID,
      visibility: 'public',
      createdAt: new Date().toISOString(),
    });
  }

  /**
   * A room with its maker as owner.
   *
   * @throws ConflictError when a public room of that name exists
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
      throw new ConflictError('A room of that name exists already.', [
        { path: 'name', message: 'Is taken.' },
      ]);
    }
    return toRoom(room);
  }

  /**
   * A public room with its first member as owner; nothing when somebody else was faster.
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
    if (waitMs > 0) throw new RateLimitedError('You are making rooms too fast.', waitMs);
    const owner = { roomId: room.id, userId, role: 'owner', joinedAt: room.createdAt } as const;
    const created = await this.store.createRoom(room, owner);
    if (created) this.notices.changed(toRoom(room), userId, 'owner');
    return created;
  }
}
