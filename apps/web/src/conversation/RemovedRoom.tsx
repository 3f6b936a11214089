import { Link } from '../app/Link.tsx';
import { HOME } from '../app/location.ts';
import { Notice } from '../ui/Notice.tsx';

/** Takes the place of a conversation that one may not, or no longer, read. */
export function RemovedRoom({ name }: { name: string }) {
  return (
    <Notice title="This room is not open to you">
      <p role="status">
        “{name}” does not exist, or you are not a member of it (any more). Its owner can add you.
      </p>
      <Link href={HOME}>Go to my rooms</Link>
    </Notice>
  );
}
