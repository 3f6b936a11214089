import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';

/** Replaces a section of the page that failed to render. */
export function RenderErrorNotice() {
  return (
    <Notice title="Something went wrong">
      <p>Unsent messages are saved and will be sent after you reload the page.</p>
      <Button onClick={() => location.reload()}>Reload page</Button>
    </Notice>
  );
}
