import { beforeEach, describe, expect, it } from '@jest/globals';
import { KnownPositions } from './known-positions.ts';

const ROOM = 'general';

describe('KnownPositions', () => {
  let positions: KnownPositions;
  beforeEach(() => {
    positions = new KnownPositions();
    positions.set(ROOM, { lastReadSeq: 3, unread: 2 });
  });

  it('follows events in both directions', () => {
    positions.receive({ roomId: ROOM, lastReadSeq: 5, unread: 0 });
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 5, unread: 0 });
    positions.receive({ roomId: ROOM, lastReadSeq: 1, unread: 4 });
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 1, unread: 4 });
  });

  it('ignores an invalid event', () => {
    positions.receive({ roomId: ROOM, lastReadSeq: -1 });
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 3, unread: 2 });
  });

  it('counts the message of another user, and reads up to an own one', () => {
    positions.applyMessage(ROOM, 6, false);
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 3, unread: 3 });
    positions.applyMessage(ROOM, 7, true);
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 7, unread: 0 });
  });

  it('keeps a later position when an earlier own message arrives', () => {
    positions.applyMessage(ROOM, 2, true);
    expect(positions.get(ROOM)).toEqual({ lastReadSeq: 3, unread: 2 });
  });

  it('does not know a position that has not moved', () => {
    positions.applyMessage('other', 4, true);
    expect(positions.get('other')).toBeUndefined();
  });
});
