import { describe, expect, it } from '@jest/globals';
import type { ShownMessage } from './shown-message.ts';
import { timeline } from './timeline.ts';

function messageOf(userId: string, time: Date): ShownMessage {
  return {
    key: `${userId}${time.getTime()}`,
    userId,
    username: userId,
    text: 'hello',
    timestamp: time.toISOString(),
  };
}

/** Each row as `day`, `group` or `-`. */
function labels(...messages: ShownMessage[]): string[] {
  return timeline(messages).map((row) => {
    if (row.startsDay) return 'day';
    return row.startsGroup ? 'group' : '-';
  });
}

const noon = (minute: number, day = 10) => new Date(2026, 4, day, 12, minute);

describe('timeline', () => {
  it('groups consecutive messages from the same sender', () => {
    expect(labels(messageOf('ada', noon(0)), messageOf('ada', noon(1)))).toEqual(['day', '-']);
  });

  it('starts a group whenever the sender changes', () => {
    expect(
      labels(messageOf('ada', noon(0)), messageOf('bob', noon(0)), messageOf('ada', noon(1))),
    ).toEqual(['day', 'group', 'group']);
  });

  it('starts a group after a pause of 5 minutes', () => {
    expect(labels(messageOf('ada', noon(0)), messageOf('ada', noon(5)))).toEqual(['day', 'group']);
  });

  it('starts a day after midnight even for the same sender', () => {
    const lateNight = new Date(2026, 4, 10, 23, 59);
    const justAfter = new Date(2026, 4, 11, 0, 1);
    expect(labels(messageOf('ada', lateNight), messageOf('ada', justAfter))).toEqual([
      'day',
      'day',
    ]);
  });

  it('does not start a day at a message without a valid time', () => {
    const undated = { ...messageOf('ada', noon(1)), timestamp: 'yesterday' };
    expect(labels(undated, messageOf('ada', noon(2)))).toEqual(['group', 'day']);
  });

  it('returns no rows for an empty list', () => {
    expect(timeline([])).toEqual([]);
  });
});
