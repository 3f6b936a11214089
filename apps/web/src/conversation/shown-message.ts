import type { OutboxChange, OutboxMessage, RoomState } from '@chat/client';
import type { Message, Reaction } from '@chat/contracts';

/** A message as the conversation shows it, stored or pending. */
export interface ShownMessage {
  /** Unique in the room; unchanged when a pending message is stored. */
  readonly key: string;
  /** Absent for a pending message. */
  readonly id?: string;
  /** Absent for a pending message. */
  readonly seq?: number;
  readonly userId: string;
  readonly username: string;
  readonly text: string;
  readonly timestamp: string;
  /** Time of the latest edit. */
  readonly editedAt?: string;
  /** Whether the message was deleted; its text is empty. */
  readonly deleted?: boolean;
  readonly reactions?: readonly Reaction[];
  /** Emoji of the user's reactions that were set or removed and are not acknowledged yet. */
  readonly unsavedEmoji?: readonly string[];
  /**
   * Delivery status of the user's own message; absent for other messages and deleted ones, unless
   * they are `unsaved`.
   */
  readonly delivery?: Delivery;
  /** Outbox entry of a pending message. */
  readonly entry?: OutboxMessage;
}

/**
 * `unpersisted`: waiting, and not (yet) written to the browser's storage; `unsaved`: stored, with an
 * edit or deletion that is not acknowledged yet.
 */
export type Delivery = 'unpersisted' | 'waiting' | 'sending' | 'stored' | 'failed' | 'unsaved';

interface Sender {
  id: string;
  username: string;
}

/** Caches the object of an unchanged message, so that its row is not re-rendered. */
const shownBySource = new WeakMap<Message | OutboxMessage, ShownMessage>();

/** Returns all messages of a room, oldest first, with the user's pending ones last. */
export function shownMessages(
  { messages, pending, changes }: Pick<RoomState, 'messages' | 'pending' | 'changes'>,
  own: Sender,
): ShownMessage[] {
  const unsaved = changesByMessage(changes.filter(({ state }) => state !== 'sent'));
  return withUniqueKeys([
    ...messages.map((message) => {
      const shown = memoize(message, () => storedMessage(message, own));
      const changesOfMessage = unsaved.get(message.id);
      return changesOfMessage ? withUnsaved(shown, changesOfMessage) : shown;
    }),
    ...pending.map((entry) => memoize(entry, () => pendingMessage(entry, own))),
  ]);
}

function changesByMessage(changes: readonly OutboxChange[]): Map<string, OutboxChange[]> {
  const byMessage = new Map<string, OutboxChange[]>();
  for (const change of changes) {
    const { messageId } = change.payload;
    byMessage.set(messageId, [...(byMessage.get(messageId) ?? []), change]);
  }
  return byMessage;
}

/** Marks what the user changed and the server has not acknowledged. */
function withUnsaved(shown: ShownMessage, changes: readonly OutboxChange[]): ShownMessage {
  const unsavedEmoji = changes.flatMap(({ kind, payload }) =>
    kind === 'react' ? [payload.emoji] : [],
  );
  const isUnsaved = unsavedEmoji.length < changes.length;
  return { ...shown, unsavedEmoji, ...(isUnsaved && { delivery: 'unsaved' }) };
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
  const { id, seq, userId, username, text, timestamp, editedAt, deletedAt, reactions } = message;
  const isOwn = userId === own.id;
  const deleted = deletedAt !== undefined;
  return {
    key: isOwn ? (message.clientMessageId ?? id) : id,
    id,
    seq,
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
