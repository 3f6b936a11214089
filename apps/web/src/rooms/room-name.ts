import { NamedRoomId } from '@chat/contracts';

export const ROOM_NAME_RULE =
  'Up to 64 lowercase letters a–z, digits, “.”, “_” and “-”. Start with a letter or digit.';

/** Whether `name` is a valid name of a public room. */
export function isRoomName(name: string): boolean {
  return NamedRoomId.safeParse(name).success;
}

/** Converts a text to a valid name of a public room; empty if none of its characters is allowed. */
export function suggestRoomName(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
}
