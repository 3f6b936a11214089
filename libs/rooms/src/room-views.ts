import type { Room } from '@chat/contracts';
import type { RoomRecord } from './room-store.ts';

/** Returns the public form of a room, as users see it. */
export function toRoom({ id, name, visibility, topic, createdBy, createdAt }: RoomRecord): Room {
  return {
    id,
    name,
    visibility,
    ...(topic === undefined ? {} : { topic }),
    ...(createdBy === undefined ? {} : { createdBy }),
    createdAt,
  };
}
