import type { Unsubscribe } from '../emitter.ts';
import type { Session } from './session.ts';

/**
 * Calls `listener` whenever another user is signed in, or none (undefined): with the new user's id
 * and the previous one's.
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
