import type { OutboxEntry, RoomState } from '@chat/client';
import type { Message } from '@chat/contracts';

/** A message as the conversation shows it, stored or pending. */
export interface ShownMessage {
  /** Unique in the room; unchanged when a pending message is stored. */
  readonly key: string;
  readonly userId: string;
  readonly username: string;
  readonly text: string;
  readonly timestamp: string;
  /** Delivery status of the user's own message; absent for messages from other users. */
  readonly delivery?: Delivery;
  /** Outbox entry of a pending message. */
  readonly entry?: OutboxEntry;
}

/** `unpersisted`: waiting, and not (yet) written to the browser's storage. */
export type Delivery = 'unpersisted' | 'waiting' | 'sending' | 'stored' | 'failed';

interface Sender {
  id: string;
  username: string;
}

/** Caches the object of an unchanged message, so that its row is not re-rendered. */
const shownBySource = new WeakMap<Message | OutboxEntry, ShownMessage>();

/** Returns all messages of a room, oldest first, with the user's pending ones last. */
export function shownMessages(
  { messages, pending }: Pick<RoomState, 'messages' | 'pending'>,
  own: Sender,
): ShownMessage[] {
  return [
    ...messages.map((message) => memoize(message, () => storedMessage(message, own))),
    ...pending.map((entry) => memoize(entry, () => pendingMessage(entry, own))),
  ];
}

function memoize(source: Message | OutboxEntry, make: () => ShownMessage): ShownMessage {
  const known = shownBySource.get(source);
  if (known) return known;
  const shown = make();
  shownBySource.set(source, shown);
  return shown;
}

function storedMessage(message: Message, own: Sender): ShownMessage {
  const { id, userId, username, text, timestamp, clientMessageId } = message;
  if (userId !== own.id) return { key: id, userId, username, text, timestamp };
  const key = clientMessageId === undefined ? id : sendKey(clientMessageId, text);
  return { key, userId, username, text, timestamp, delivery: 'stored' };
}

function pendingMessage(entry: OutboxEntry, own: Sender): ShownMessage {
  return {
    key: sendKey(entry.clientMessageId, entry.text),
    userId: own.id,
    username: own.username,
    text: entry.text,
    timestamp: entry.createdAt,
    delivery: deliveryOf(entry),
    entry,
  };
}

/** Returns the key of the user's own message; a `clientMessageId` may have several texts. */
function sendKey(clientMessageId: string, text: string): string {
  return `${clientMessageId} ${text}`;
}

function deliveryOf({ state, persisted }: OutboxEntry): Delivery {
  if (state === 'sent') return 'stored';
  return state === 'waiting' && !persisted ? 'unpersisted' : state;
}
