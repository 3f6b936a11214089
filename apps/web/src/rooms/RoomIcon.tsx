import type { Visibility } from '@chat/contracts';
import { Icon } from '../ui/Icon.tsx';

/** Icon of a room: `#` for public rooms, a lock for private ones. */
export function RoomIcon({ visibility }: { visibility: Visibility }) {
  const isPrivate = visibility === 'private';
  return (
    <>
      <Icon shape={isPrivate ? 'lock' : 'hash'} size={18} />
      {isPrivate && <span className="visually-hidden">Private room</span>}
    </>
  );
}
