import type { Role } from '@chat/contracts';
import type { ShownMessage } from './shown-message.ts';

/** An action on a message. */
export type MessageAction = 'react' | 'edit' | 'delete';

/** Who acts. */
export interface Actor {
  readonly ownUserId: string;
  /** Role in the room; undefined until it is known. */
  readonly role: Role | undefined;
}

/** Returns the actions on a stored message that the user's role in the room allows. */
export function messageActions(
  { id, userId, deleted }: Pick<ShownMessage, 'id' | 'userId' | 'deleted'>,
  { ownUserId, role }: Actor,
): MessageAction[] {
  if (id === undefined || deleted || !role) return [];
  const own = userId === ownUserId;
  const actions: MessageAction[] = ['react'];
  if (own) actions.push('edit');
  if (own || role !== 'member') actions.push('delete');
  return actions;
}
