import type { Message, MessageChange } from '@chat/contracts';
import { applyDelta } from './apply-delta.ts';

/** A change of one message, as the difference to its state before or as its state. */
export interface MessageUpdate {
  readonly messageId: string;
  readonly rev: number;
  readonly change: MessageChange;
}

const KNOWN_KINDS: ReadonlySet<string> = new Set<MessageChange['kind']>([
  'edited',
  'deleted',
  'reacted',
  'state',
]);

/** Whether this client applies the change; newer servers send other kinds too. */
export function isKnownChange({ kind }: MessageChange): boolean {
  return KNOWN_KINDS.has(kind);
}

/** Returns the update that replaces a message by a state of it. */
export function stateUpdate(message: Message): MessageUpdate {
  return { messageId: message.id, rev: message.rev, change: { kind: 'state', message } };
}

/** Returns the message after an update; the same message if it includes the update already. */
export function updated(
  message: Message,
  { rev, change }: MessageUpdate,
  ownUserId: string | undefined,
): Message {
  if (rev <= message.rev) return message;
  if (change.kind === 'state') return change.message;
  return { ...applyDelta(message, change, ownUserId), rev };
}
