import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';

/** Stands in for a large part of the page that could not be rendered. */
export function BrokenPart() {
  return (
    <Notice title="Something on this page broke">
      <p>Nothing is lost: messages that were not sent yet are kept and go out after a reload.</p>
      <Button onClick={() => location.reload()}>Reload the page</Button>
    </Notice>
  );
}
