import type { Message, MessageCreate } from '@chat/contracts';
import type { PendingWrite } from './pending-write.ts';

/** A message that is not stored yet, with the writes that wait for it: the first and retries. */
export interface NewMessage {
  readonly message: MessageCreate;
  readonly writes: readonly PendingWrite[];
}

/** A batch of writes, split into stored and new messages. */
export interface DeduplicatedBatch {
  /** Writes whose message is stored already, with that message. */
  readonly duplicates: readonly (readonly [PendingWrite, Message])[];
  /** New messages in the order of their first writes. */
  readonly fresh: readonly NewMessage[];
}

/**
 * Splits a batch of writes into duplicates of stored messages and new messages.
 *
 * Sender, room, `clientMessageId` and text together identify a message. An event of an earlier
 * version carries the legacy id, which was acknowledged: its message keeps that id unless another
 * text has it, because earlier versions gave one id to every text of a `clientMessageId`.
 *
 * @param stored every stored message that has one of the ids of the writes, by id
 */
export function deduplicate(
  batch: readonly PendingWrite[],
  stored: ReadonlyMap<string, Message>,
): DeduplicatedBatch {
  const duplicates: [PendingWrite, Message][] = [];
  const fresh = new Map<string, { message: MessageCreate; writes: PendingWrite[] }>();
  const taken = new Set(stored.keys());
  for (const write of batch) {
    const { event, ids } = write;
    const known = stored.get(ids.current) ?? withText(event.text, stored.get(ids.legacy));
    const first = fresh.get(ids.current);
    if (known) duplicates.push([write, known]);
    else if (first) first.writes.push(write);
    else {
      const id = event.id === ids.legacy && !taken.has(ids.legacy) ? ids.legacy : ids.current;
      taken.add(id);
      fresh.set(ids.current, { message: { ...event, id }, writes: [write] });
    }
  }
  return { duplicates, fresh: [...fresh.values()] };
}

function withText(text: string, message: Message | undefined): Message | undefined {
  return message?.text === text ? message : undefined;
}
