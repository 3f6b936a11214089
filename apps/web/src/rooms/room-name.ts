import { NamedRoomId } from '@chat/contracts';

export const ROOM_NAME_RULE =
  'Small letters a–z, digits, “.”, “_” and “-”, up to 64, beginning with a letter or digit.';

/** Whether a public room can have this name. */
export function isRoomName(name: string): boolean {
  return NamedRoomId.safeParse(name).success;
}

/** The nearest name that a public room can have; empty when nothing of the text can stay. */
export function nearestRoomName(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
}
