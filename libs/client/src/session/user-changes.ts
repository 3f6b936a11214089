import type { Unsubscribe } from '../emitter.ts';
import type { Session } from './session.ts';

/**
 * Calls `listener` whenever the signed-in user changes, with the ids of the new and the previous
 * user; undefined means signed out.
 */
export function onUserChange(
  session: Session,
  listener: (userId: string | undefined, previousId: string | undefined) => void,
): Unsubscribe {
  let userId = session.user?.id;
  return session.subscribe(() => {
    const previousId = userId;
    userId = session.user?.id;
    if (userId !== previousId) listener(userId, previousId);
  });
}
