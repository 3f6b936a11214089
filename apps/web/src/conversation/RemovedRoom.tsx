import { Link } from '../app/Link.tsx';
import { HOME } from '../app/location.ts';
import { Notice } from '../ui/Notice.tsx';

/** Replaces a conversation that the user cannot or can no longer read. */
export function RemovedRoom({ name }: { name: string }) {
  return (
    <Notice title="This room isn’t available">
      <p role="status">
        “<bdi>{name}</bdi>” doesn’t exist, or you’re not a member. Its owner or a moderator can add
        you.
      </p>
      <Link href={HOME}>Go to my rooms</Link>
    </Notice>
  );
}
