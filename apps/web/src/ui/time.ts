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

/** Whether a timestamp names a time at all; the functions below throw for others. */
export function isTime(timestamp: string): boolean {
  return !Number.isNaN(Date.parse(timestamp));
}

/** The time of day, for a message: `14:05`. */
export function atTime(timestamp: string): string {
  return timeOfDay.format(new Date(timestamp));
}

/** Everything there is to know of a time, for a tooltip. */
export function inFull(timestamp: string): string {
  return full.format(new Date(timestamp));
}

/** A day, for a separator: today, yesterday or the whole date. */
export function onDay(timestamp: string, now = new Date()): string {
  const days = daysBefore(now, timestamp);
  return days < 2
    ? capitalised(relativeDay.format(-days, 'day'))
    : longDate.format(new Date(timestamp));
}

/** As short as a list wants it: a time today, a weekday this week, else a date. */
export function sinceWhen(timestamp: string, now = new Date()): string {
  const days = daysBefore(now, timestamp);
  if (days <= 0) return atTime(timestamp);
  return (days < 7 ? weekday : shortDate).format(new Date(timestamp));
}

function daysBefore(now: Date, timestamp: string): number {
  return Math.max(0, (calendarDay(now) - calendarDay(new Date(timestamp))) / 86_400_000);
}

/** The date without its time; in UTC, where every day has 24 hours. */
function calendarDay(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
