import { z } from 'zod';

/** Id of a user: 22 characters of base64url, made by the server. */
export const UserId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be a user id')
  .meta({ id: 'UserId' });

const NAMED_ROOM = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const UNNAMED_ROOM = /^~[A-Za-z0-9]{22}$/;

/** Id of a public room: its name in the wire form. */
export const NamedRoomId = z
  .string()
  .regex(
    NAMED_ROOM,
    'must be 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
  );

/** Id of any room: a public room's name, or `~` and 22 letters or digits for a private one. */
export const RoomId = z
  .string()
  .refine((id) => NAMED_ROOM.test(id) || UNNAMED_ROOM.test(id), 'must be a room id')
  .meta({
    id: 'RoomId',
    description: 'A named public room (`general`), or `~` and 22 letters or digits.',
  });

/** Whether the id is of the form that a public room has. It says nothing about existence. */
export function isNamedRoomId(roomId: string): boolean {
  return NAMED_ROOM.test(roomId);
}

/** Id of a message: 128 bits of a hash, as 22 characters of base64url. */
export const MessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'must be a message id')
  .meta({ id: 'MessageId' });

/** Chosen by the client per message; a send repeated with it and the same text is the same message for ever. */
export const ClientMessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')
  .meta({ id: 'ClientMessageId' });
