import { chunksOf } from '@chat/platform/collections';
import { Injectable } from '@nestjs/common';
import { RoomActivity } from './room-activity.ts';
import {
  MAX_POSITIONS_PER_CALL,
  RoomStore,
  type ReadPosition,
  type StoredPosition,
} from './room-store.ts';

/** Maximum number of rooms of users that are read together. */
const MAX_POSITIONS = 5_000;

/** Rooms of users, with their read positions; in any order. */
export interface PositionsOfUsers {
  readonly positions: readonly ReadPosition[];
  /** Whether these are all rooms of the users; if not, fewer users must be read together. */
  readonly complete: boolean;
}

/** Reads the rooms of many users together, for the edges that hold their sockets. */
@Injectable()
export class RoomsOfUsers {
  constructor(
    private readonly store: RoomStore,
    private readonly activity: RoomActivity,
  ) {}

  /**
   * Returns the rooms of users, with their read positions; at most 5,000. For a membership that an
   * earlier version stored, all present messages count as read, from the first call on.
   */
  async positionsOf(userIds: readonly string[]): Promise<PositionsOfUsers> {
    const found = await this.store.listPositionsOf(userIds, MAX_POSITIONS + 1);
    const listed = found.slice(0, MAX_POSITIONS);
    const started = await this.#start(listed.filter((position) => !isStarted(position)));
    return {
      positions: [...listed.filter(isStarted), ...started],
      complete: listed.length === found.length,
    };
  }

  /** Stores the heads of the rooms as read positions. */
  async #start(memberships: readonly StoredPosition[]): Promise<ReadPosition[]> {
    if (memberships.length === 0) return [];
    const heads = await this.activity.headsOf([...new Set(memberships.map((m) => m.roomId))]);
    const started = memberships.map(({ roomId, userId }) => {
      return { roomId, userId, lastReadSeq: heads.get(roomId)?.seq ?? 0 };
    });
    for (const chunk of chunksOf(started, MAX_POSITIONS_PER_CALL)) {
      await this.store.markManyRead(chunk);
    }
    return started;
  }
}

function isStarted(position: StoredPosition): position is ReadPosition {
  return position.lastReadSeq !== undefined;
}
