import { z } from 'zod';

/** Id of the room that always exists. */
export const GENERAL_ROOM_ID = 'general';

const NAMED_ROOM = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const PRIVATE_ROOM = /^~[A-Za-z0-9]{22}$/;

/** Id of a public room, which is its name. */
export const NamedRoomId = z
  .string()
  .regex(
    NAMED_ROOM,
    'must be 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
  );

/** Id of any room: a public room's name, or `~` and 22 letters or digits for a private one. */
export const RoomId = z
  .string()
  .refine((id) => NAMED_ROOM.test(id) || PRIVATE_ROOM.test(id), 'must be a room id')
  .meta({
    id: 'RoomId',
    description: 'A named public room (`general`), or `~` and 22 letters or digits.',
  });

/** Returns whether the id has the form of a public room's id; such a room may not exist. */
export function isNamedRoomId(roomId: string): boolean {
  return NAMED_ROOM.test(roomId);
}
