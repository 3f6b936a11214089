import type { Identity } from '@chat/auth';
import { NotFoundError } from '@chat/platform/failures';
import type { RoomAccess } from '@chat/rooms';

/** Returns the identity of a user whose name is the id. */
export function identityOf(userId: string): Identity {
  return { userId, username: userId, sessionId: 's', expiresAt: 0 };
}

/**
 * Returns a fake in which some users are members of every room, and other users cannot read any
 * room.
 */
export function roomAccessFor(isMember: (userId: string) => boolean): RoomAccess {
  const access: Pick<RoomAccess, 'requireReadable'> = {
    requireReadable: (userId, id) =>
      isMember(userId)
        ? Promise.resolve({
            room: { id, name: id, visibility: 'private', createdAt: '' },
            role: 'member',
          })
        : Promise.reject(new NotFoundError('Room not found.')),
  };
  return access as RoomAccess;
}
