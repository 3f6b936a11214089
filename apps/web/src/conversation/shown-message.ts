import type { OutboxMessage, RoomState } from '@chat/client';
import type { Message, Reaction } from '@chat/contracts';

/** A message as the conversation shows it, stored or pending. */
export interface ShownMessage {
  /** Unique in the room; unchanged when a pending message is stored. */
  readonly key: string;
  readonly userId: string;
  readonly username: string;
  readonly text: string;
  readonly timestamp: string;
  /** Time of the latest edit. */
  readonly editedAt?: string;
  /** Whether the message was deleted; its text is empty. */
  readonly deleted?: boolean;
  readonly reactions?: readonly Reaction[];
  /** Delivery status of the user's own message; absent for other messages and deleted ones. */
  readonly delivery?: Delivery;
  /** Outbox entry of a pending message. */
  readonly entry?: OutboxMessage;
}

/** `unpersisted`: waiting, and not (yet) written to the browser's storage. */
export type Delivery = 'unpersisted' | 'waiting' | 'sending' | 'stored' | 'failed';

interface Sender {
  id: string;
  username: string;
}

/** Caches the object of an unchanged message, so that its row is not re-rendered. */
const shownBySource = new WeakMap<Message | OutboxMessage, ShownMessage>();

/** Returns all messages of a room, oldest first, with the user's pending ones last. */
export function shownMessages(
  { messages, pending }: Pick<RoomState, 'messages' | 'pending'>,
  own: Sender,
): ShownMessage[] {
  return withUniqueKeys([
    ...messages.map((message) => memoize(message, () => storedMessage(message, own))),
    ...pending.map((entry) => memoize(entry, () => pendingMessage(entry, own))),
  ]);
}

/** Replaces repeated keys: a `clientMessageId` may have several texts. */
function withUniqueKeys(messages: readonly ShownMessage[]): ShownMessage[] {
  const keys = new Set<string>();
  return messages.map((message, index) => {
    if (keys.has(message.key)) return { ...message, key: `${message.key} ${index}` };
    keys.add(message.key);
    return message;
  });
}

function memoize(source: Message | OutboxMessage, make: () => ShownMessage): ShownMessage {
  const known = shownBySource.get(source);
  if (known) return known;
  const shown = make();
  shownBySource.set(source, shown);
  return shown;
}

function storedMessage(message: Message, own: Sender): ShownMessage {
  const { id, userId, username, text, timestamp, editedAt, deletedAt, reactions } = message;
  const isOwn = userId === own.id;
  const deleted = deletedAt !== undefined;
  return {
    key: isOwn ? (message.clientMessageId ?? id) : id,
    userId,
    username,
    text,
    timestamp,
    ...(editedAt !== undefined && { editedAt }),
    ...(deleted && { deleted }),
    ...(reactions && { reactions }),
    ...(isOwn && !deleted && { delivery: 'stored' }),
  };
}

function pendingMessage(entry: OutboxMessage, own: Sender): ShownMessage {
  return {
    key: entry.clientMessageId,
    userId: own.id,
    username: own.username,
    text: entry.payload.text,
    timestamp: entry.createdAt,
    delivery: deliveryOf(entry),
    entry,
  };
}

function deliveryOf({ state, persisted }: OutboxMessage): Delivery {
  if (state === 'sent') return 'stored';
  return state === 'waiting' && !persisted ? 'unpersisted' : state;
}
