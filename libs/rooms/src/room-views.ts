import type { Room } from '@chat/contracts';
import type { RoomRecord } from './room-store.ts';

/** A room as it is told to those who may know of it. */
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
