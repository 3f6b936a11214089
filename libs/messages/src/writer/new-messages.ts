import type { Message } from '@chat/contracts';
import type { MessageCreate } from '../message-create/message-create.ts';
import type { PendingWrite } from './pending-write.ts';

/** A message that is not stored yet, with the writes that wait for it: the first and retries. */
export interface NewMessage {
  readonly message: MessageCreate;
  readonly writes: readonly PendingWrite[];
}

/** A batch of writes, split into stored and new messages. */
export interface DeduplicatedBatch {
  /** Writes whose message is already stored, with that message. */
  readonly duplicates: readonly (readonly [PendingWrite, Message])[];
  /** New messages in the order of their first writes. */
  readonly fresh: readonly NewMessage[];
}

/**
 * Splits a batch of writes into duplicates of stored messages and new messages.
 *
 * Sender, room, `clientMessageId` and text together identify a message. An event from an earlier
 * version carries the legacy id, which was acknowledged: its message keeps that id unless a message
 * with a different text has it, because earlier versions gave the same id to all texts with one
 * `clientMessageId`.
 *
 * @param stored every stored message that has one of the ids of the writes, by id
 */
export function deduplicate(
  batch: readonly PendingWrite[],
  stored: ReadonlyMap<string, Message>,
): DeduplicatedBatch {
  const duplicates: [PendingWrite, Message][] = [];
  const fresh = new Map<string, { message: MessageCreate; writes: PendingWrite[] }>();
  const usedIds = new Set(stored.keys());
  for (const write of batch) {
    const { event, ids } = write;
    const known = stored.get(ids.current) ?? withText(event.text, stored.get(ids.legacy));
    const first = fresh.get(ids.current);
    if (known) duplicates.push([write, known]);
    else if (first) first.writes.push(write);
    else {
      const id = event.id === ids.legacy && !usedIds.has(ids.legacy) ? ids.legacy : ids.current;
      usedIds.add(id);
      fresh.set(ids.current, { message: { ...event, id }, writes: [write] });
    }
  }
  return { duplicates, fresh: [...fresh.values()] };
}

function withText(text: string, message: Message | undefined): Message | undefined {
  return message?.text === text ? message : undefined;
}
