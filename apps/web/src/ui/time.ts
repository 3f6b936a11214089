const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const relativeDay = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** Whether a timestamp is valid; the functions below throw for an invalid one. */
export function isValidTimestamp(timestamp: string): boolean {
  return !Number.isNaN(Date.parse(timestamp));
}

/** Formats the time of day, for a message: `14:05`. */
export function formatTime(timestamp: string): string {
  return timeOfDay.format(new Date(timestamp));
}

/** Formats the full date and time, for a tooltip. */
export function formatFull(timestamp: string): string {
  return full.format(new Date(timestamp));
}

/** Formats a day, for a separator: today, yesterday or the full date. */
export function formatDay(timestamp: string, now = new Date()): string {
  const days = daysBefore(now, timestamp);
  return days < 2
    ? capitalise(relativeDay.format(-days, 'day'))
    : longDate.format(new Date(timestamp));
}

/** Formats a time for a list: the time today, the weekday within a week, otherwise the date. */
export function formatShort(timestamp: string, now = new Date()): string {
  const days = daysBefore(now, timestamp);
  if (days <= 0) return formatTime(timestamp);
  return (days < 7 ? weekday : shortDate).format(new Date(timestamp));
}

function daysBefore(now: Date, timestamp: string): number {
  return Math.max(0, (calendarDay(now) - calendarDay(new Date(timestamp))) / 86_400_000);
}

/** Returns midnight UTC of the local date; in UTC every day has 24 hours. */
function calendarDay(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

function capitalise(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
