import type { RoomHead, ServerPayload } from '@chat/contracts';
import { toMessage, type RoomChange, type StoredMessage } from '@chat/messages';

/** An event that tells the sockets of a room about changes. */
export type ChangeEvent = {
  [E in 'receiveMessage' | 'messageChanged' | 'roomHeads']: {
    readonly name: E;
    readonly payload: ServerPayload<E>;
  };
}['receiveMessage' | 'messageChanged' | 'roomHeads'];

/**
 * Returns the event for a change of a message.
 *
 * @param since the rev up to which the sockets have received everything
 * @param isNew whether the sockets have not received the message before
 */
export function changeEvent(
  { rev, roomId, delta }: RoomChange,
  message: StoredMessage,
  since: number,
  isNew: boolean,
): ChangeEvent {
  const gap = since === rev - 1 ? {} : { since };
  if (isNew) return { name: 'receiveMessage', payload: { ...toMessage(message), ...gap } };
  const change = delta ?? { kind: 'state' as const, message: toMessage(message) };
  return {
    name: 'messageChanged',
    payload: { roomId, rev, messageId: message.id, change, ...gap },
  };
}

/** Returns the event for revs after `since` that changed no message. */
export function headEvent(head: RoomHead, since: number): ChangeEvent {
  return { name: 'roomHeads', payload: [{ ...head, since }] };
}
