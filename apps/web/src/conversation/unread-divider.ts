import { useState } from 'react';

/** Where the messages start that the user had not read when they came into view. */
export interface UnreadDivider {
  /** False until the room's position and messages are known. */
  readonly placed: boolean;
  /** Seq of the last message above the divider; absent when there is no divider. */
  readonly afterSeq?: number;
}

interface Reading {
  /** Read position of the user; undefined until it is known. */
  readonly lastReadSeq: number | undefined;
  /** Seq of the newest message; 0 for none. */
  readonly newestSeq: number;
  /** Seq of the newest message of another user; 0 for none. */
  readonly newestOfOthersSeq: number;
  /** Whether the user sees the newest messages, which are read then. */
  readonly reading: boolean;
}

/**
 * Returns the divider after a change. It is placed when the room is opened and whenever messages
 * arrive that the user does not see; it stays in place while they are being read.
 */
export function nextDivider(
  divider: UnreadDivider,
  { lastReadSeq, newestSeq, newestOfOthersSeq, reading }: Reading,
): UnreadDivider {
  if (lastReadSeq === undefined || newestSeq === 0) return divider;
  if (divider.placed && reading) return divider;
  if (newestOfOthersSeq <= lastReadSeq) return divider.placed ? divider : { placed: true };
  if (divider.placed && divider.afterSeq === lastReadSeq) return divider;
  return { placed: true, afterSeq: lastReadSeq };
}

/**
 * Follows a room with {@link nextDivider}; returns the seq above the divider, if there is one.
 *
 * @param wasEmpty whether the room had no messages when it was opened: there is nothing to place yet
 */
export function useUnreadDivider(reading: Reading, wasEmpty: boolean): number | undefined {
  const [divider, setDivider] = useState<UnreadDivider>({ placed: wasEmpty });
  const next = nextDivider(divider, reading);
  if (next !== divider) setDivider(next);
  return next.afterSeq;
}
