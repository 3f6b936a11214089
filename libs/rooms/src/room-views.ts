import type { Room } from '@chat/contracts';
import type { RoomRecord } from './room-store.ts';

/** Returns the public view of a room. */
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
