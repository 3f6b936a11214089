import { describe, expect, it } from '@jest/globals';
import { positionTurn } from './position-marker.ts';

const ROOMS = ['one', 'two', 'three', 'four'];
const HEAD = 40;

describe('positionTurn', () => {
  const turns = Array.from({ length: 280 }, (_, turn) => positionTurn(turn, ROOMS, () => HEAD));

  it('reads every room up to the newest message', () => {
    const read = turns.filter((turn) => turn?.kind === 'markRead');
    expect(new Set(read.map((turn) => turn?.roomId))).toEqual(new Set(ROOMS));
    expect(read.every((turn) => turn?.seq === HEAD)).toBe(true);
  });

  it('marks messages as unread now and then, in the first two rooms only', () => {
    const unread = turns.filter((turn) => turn?.kind === 'markUnread');
    expect(new Set(unread.map((turn) => turn?.roomId))).toEqual(new Set(['one', 'two']));
    expect(unread.every((turn) => turn && turn.seq < HEAD && turn.seq >= HEAD - 6)).toBe(true);
    expect(unread).toHaveLength(20);
  });

  it('never marks a negative seq as unread', () => {
    const seqs = turns.map((_, turn) => positionTurn(turn, ROOMS, () => 1)?.seq);
    expect(new Set(seqs)).toEqual(new Set([0, 1]));
  });

  it('is undefined for a room without messages', () => {
    expect(positionTurn(0, ROOMS, () => 0)).toBeUndefined();
  });
});
