import { isValidTimestamp } from '../ui/time.ts';
import type { ShownMessage } from './shown-message.ts';

/** A message and its relation to the one above it. */
export interface TimelineRow {
  message: ShownMessage;
  /** First of its calendar day in the local time zone; false without a valid time. */
  startsDay: boolean;
  /** First of a group of consecutive messages from one sender, shown with name and time. */
  startsGroup: boolean;
}

/** A pause of this length or longer starts a new group. */
const GROUP_PAUSE_MS = 5 * 60_000;

/** Groups messages by day and sender; oldest first. */
export function timeline(messages: readonly ShownMessage[]): TimelineRow[] {
  return messages.map((message, index) => {
    const previous = messages[index - 1];
    const startsDay =
      isValidTimestamp(message.timestamp) &&
      (!previous || !sameDay(previous.timestamp, message.timestamp));
    return { message, startsDay, startsGroup: startsDay || !continuesGroup(previous, message) };
  });
}

function continuesGroup(previous: ShownMessage | undefined, message: ShownMessage): boolean {
  if (previous?.userId !== message.userId) return false;
  return Math.abs(Date.parse(message.timestamp) - Date.parse(previous.timestamp)) < GROUP_PAUSE_MS;
}

function sameDay(timestamp: string, other: string): boolean {
  return new Date(timestamp).toDateString() === new Date(other).toDateString();
}
