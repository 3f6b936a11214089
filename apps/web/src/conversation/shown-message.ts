import type { OutboxEntry, RoomState } from '@chat/client';
import type { Message } from '@chat/contracts';

/** A message as the conversation shows it, stored or still on its way. */
export interface ShownMessage {
  /** Unique in the room; stays the same when a message on its way is stored. */
  readonly key: string;
  readonly userId: string;
  readonly username: string;
  readonly text: string;
  readonly timestamp: string;
  /** How far an own message has come; absent for those of others. */
  readonly delivery?: Delivery;
  /** The message in the outbox, while it is there. */
  readonly entry?: OutboxEntry;
}

/** `unpersisted`: it waits, and the browser has not put it away (yet). */
export type Delivery = 'unpersisted' | 'waiting' | 'sending' | 'stored' | 'failed';

interface Sender {
  id: string;
  username: string;
}

/** Unchanged messages are the same objects from call to call, so their rows are not drawn again. */
const shownBySource = new WeakMap<Message | OutboxEntry, ShownMessage>();

/** All messages of a room, oldest first, own ones on their way at the end. */
export function shownMessages(
  { messages, pending }: Pick<RoomState, 'messages' | 'pending'>,
  own: Sender,
): ShownMessage[] {
  return [
    ...messages.map((message) => remembered(message, () => storedMessage(message, own))),
    ...pending.map((entry) => remembered(entry, () => pendingMessage(entry, own))),
  ];
}

function remembered(source: Message | OutboxEntry, make: () => ShownMessage): ShownMessage {
  const known = shownBySource.get(source);
  if (known) return known;
  const shown = make();
  shownBySource.set(source, shown);
  return shown;
}

function storedMessage(message: Message, own: Sender): ShownMessage {
  const { id, userId, username, text, timestamp, clientMessageId } = message;
  if (userId !== own.id) return { key: id, userId, username, text, timestamp };
  const key = clientMessageId === undefined ? id : keyOfSend(clientMessageId, text);
  return { key, userId, username, text, timestamp, delivery: 'stored' };
}

function pendingMessage(entry: OutboxEntry, own: Sender): ShownMessage {
  return {
    key: keyOfSend(entry.clientMessageId, entry.text),
    userId: own.id,
    username: own.username,
    text: entry.text,
    timestamp: entry.createdAt,
    delivery: deliveryOf(entry),
    entry,
  };
}

/** A `clientMessageId` alone may occur twice: with another text it is another message. */
function keyOfSend(clientMessageId: string, text: string): string {
  return `${clientMessageId} ${text}`;
}

function deliveryOf({ state, persisted }: OutboxEntry): Delivery {
  if (state === 'sent') return 'stored';
  return state === 'waiting' && !persisted ? 'unpersisted' : state;
}
