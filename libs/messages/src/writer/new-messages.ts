import type { Message, MessageCreate } from '@chat/contracts';
import type { PendingWrite } from './pending-write.ts';

/** A message that is not stored yet, with the writes that wait for it: the first one and its repeats. */
export interface NewMessage {
  readonly message: MessageCreate;
  readonly writes: readonly PendingWrite[];
}

/** A batch of writes, compared with what is stored. */
export interface SortedBatch {
  /** Writes whose message is stored already. */
  readonly repeats: readonly (readonly [PendingWrite, Message])[];
  /** In the order of their first writes. */
  readonly fresh: readonly NewMessage[];
}

/**
 * Decides which message each write stands for.
 *
 * Sender, room, `clientMessageId` and text together identify a message. An event of an earlier
 * version carries the legacy id, which its sender was told: its message keeps that id unless another
 * text has it, because earlier versions gave one id to every text of a `clientMessageId`.
 *
 * @param stored every stored message that has one of the ids of the writes, by id
 */
export function sortOut(
  batch: readonly PendingWrite[],
  stored: ReadonlyMap<string, Message>,
): SortedBatch {
  const repeats: [PendingWrite, Message][] = [];
  const fresh = new Map<string, { message: MessageCreate; writes: PendingWrite[] }>();
  const taken = new Set(stored.keys());
  for (const write of batch) {
    const { event, ids } = write;
    const known = stored.get(ids.current) ?? withText(event.text, stored.get(ids.legacy));
    const first = fresh.get(ids.current);
    if (known) repeats.push([write, known]);
    else if (first) first.writes.push(write);
    else {
      const id = event.id === ids.legacy && !taken.has(ids.legacy) ? ids.legacy : ids.current;
      taken.add(id);
      fresh.set(ids.current, { message: { ...event, id }, writes: [write] });
    }
  }
  return { repeats, fresh: [...fresh.values()] };
}

function withText(text: string, message: Message | undefined): Message | undefined {
  return message?.text === text ? message : undefined;
}
