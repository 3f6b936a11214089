import { describe, expect, it } from '@jest/globals';
import { nextDivider } from './unread-divider.ts';

const unseen = { reading: false };
const reading = { reading: true };

describe('nextDivider', () => {
  it('is placed above the first unread message when the room is opened', () => {
    const opened = nextDivider(
      { placed: false },
      { lastReadSeq: 3, newestSeq: 5, newestOfOthersSeq: 5, ...reading },
    );
    expect(opened).toEqual({ placed: true, afterSeq: 3 });
  });

  it('waits for the read position and the messages', () => {
    const waiting = { placed: false };
    expect(
      nextDivider(waiting, {
        lastReadSeq: undefined,
        newestSeq: 5,
        newestOfOthersSeq: 5,
        ...reading,
      }),
    ).toBe(waiting);
    expect(
      nextDivider(waiting, { lastReadSeq: 3, newestSeq: 0, newestOfOthersSeq: 0, ...unseen }),
    ).toBe(waiting);
  });

  it('is absent in a room without unread messages', () => {
    const opened = nextDivider(
      { placed: false },
      { lastReadSeq: 5, newestSeq: 5, newestOfOthersSeq: 5, ...reading },
    );
    expect(opened).toEqual({ placed: true });
  });

  it('stays while the messages below it are being read', () => {
    const divider = { placed: true, afterSeq: 3 };
    expect(
      nextDivider(divider, { lastReadSeq: 5, newestSeq: 5, newestOfOthersSeq: 5, ...reading }),
    ).toBe(divider);
    expect(
      nextDivider(divider, { lastReadSeq: 5, newestSeq: 6, newestOfOthersSeq: 6, ...reading }),
    ).toBe(divider);
    expect(
      nextDivider(divider, { lastReadSeq: 6, newestSeq: 6, newestOfOthersSeq: 6, ...unseen }),
    ).toBe(divider);
  });

  it('moves to the first message that arrives and that the user does not see', () => {
    const divider = { placed: true, afterSeq: 3 };
    const moved = nextDivider(divider, {
      lastReadSeq: 5,
      newestSeq: 6,
      newestOfOthersSeq: 6,
      ...unseen,
    });
    expect(moved).toEqual({ placed: true, afterSeq: 5 });
    expect(
      nextDivider(moved, { lastReadSeq: 5, newestSeq: 9, newestOfOthersSeq: 9, ...unseen }),
    ).toBe(moved);
  });

  it('is not placed above messages of the user alone', () => {
    const own = { lastReadSeq: 3, newestSeq: 5, newestOfOthersSeq: 3 };
    expect(nextDivider({ placed: false }, { ...own, ...unseen })).toEqual({ placed: true });
    const withReply = { ...own, newestSeq: 6, newestOfOthersSeq: 6 };
    expect(nextDivider({ placed: true }, { ...withReply, ...unseen }).afterSeq).toBe(3);
  });

  it('is not placed by a message that arrives while the user reads', () => {
    const none = { placed: true };
    expect(
      nextDivider(none, { lastReadSeq: 5, newestSeq: 6, newestOfOthersSeq: 6, ...reading }),
    ).toBe(none);
  });
});
