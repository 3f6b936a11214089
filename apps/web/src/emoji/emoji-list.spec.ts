import { Emoji } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { findEmoji } from './emoji-list.ts';
import { QUICK_EMOJI } from './quick-emoji.ts';

describe('findEmoji', () => {
  it('returns every emoji for an empty query, each once and accepted by the server', () => {
    const all = findEmoji('').map(({ emoji }) => emoji);
    expect(all.length).toBeGreaterThan(200);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((emoji) => !Emoji.safeParse(emoji).success)).toEqual([]);
  });

  it('contains the quick reactions under the same names', () => {
    expect(findEmoji('')).toEqual(
      expect.arrayContaining(QUICK_EMOJI.map((quick) => expect.objectContaining(quick))),
    );
  });

  it.each([
    ['ROCKET', '🚀'],
    ['deploy', '🚀'],
    ['up thumbs', '👍'],
    ['👀', '👀'],
  ])('finds %s', (query, emoji) => {
    expect(findEmoji(query)[0]?.emoji).toBe(emoji);
  });

  it('returns nothing for unknown words', () => {
    expect(findEmoji('thumbs sideways')).toEqual([]);
  });
});
