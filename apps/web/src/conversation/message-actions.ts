import type { Role } from '@chat/contracts';
import type { ShownMessage } from './shown-message.ts';

/** An action on a message. */
export type MessageAction = 'react' | 'edit' | 'delete';

/** Who acts. */
export interface Actor {
  readonly ownUserId: string;
  /** Role in the room; undefined until it is known. */
  readonly role: Role | undefined;
  /** How long authors can edit a message, in milliseconds. */
  readonly editWindowMs: number;
}

/** Returns the actions on a stored message that the user's role and the edit window allow. */
export function messageActions(
  { id, userId, timestamp, deleted }: Pick<ShownMessage, 'id' | 'userId' | 'timestamp' | 'deleted'>,
  { ownUserId, role, editWindowMs }: Actor,
  now = Date.now(),
): MessageAction[] {
  if (id === undefined || deleted || !role) return [];
  const own = userId === ownUserId;
  const actions: MessageAction[] = ['react'];
  if (own && now - Date.parse(timestamp) <= editWindowMs) actions.push('edit');
  if (own || role !== 'member') actions.push('delete');
  return actions;
}
