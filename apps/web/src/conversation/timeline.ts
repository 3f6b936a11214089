import { isTime } from '../ui/time.ts';
import type { ShownMessage } from './shown-message.ts';

/** A message and how it stands to the one above it. */
export interface TimelineRow {
  message: ShownMessage;
  /** The first of its calendar day, in the reader's time zone; false for one without a valid time. */
  opensDay: boolean;
  /** The first of its sender's run, shown with name and time. */
  opensGroup: boolean;
}

/** Longest pause within one sender's run. */
const GROUP_PAUSE_MS = 5 * 60_000;

/** Groups messages, oldest first, by day and sender. */
export function timeline(messages: readonly ShownMessage[]): TimelineRow[] {
  return messages.map((message, index) => {
    const above = messages[index - 1];
    const opensDay =
      isTime(message.timestamp) && (!above || !sameDay(above.timestamp, message.timestamp));
    return { message, opensDay, opensGroup: opensDay || !continues(above, message) };
  });
}

function continues(above: ShownMessage | undefined, message: ShownMessage): boolean {
  if (above?.userId !== message.userId) return false;
  return Math.abs(Date.parse(message.timestamp) - Date.parse(above.timestamp)) < GROUP_PAUSE_MS;
}

function sameDay(one: string, other: string): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}
