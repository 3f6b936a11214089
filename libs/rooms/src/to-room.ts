import type { Room } from '@chat/contracts';
import type { RoomRecord } from './room-store.ts';

/** Converts a stored room to the room of the API. */
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
