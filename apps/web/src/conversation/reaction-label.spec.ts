import { describe, expect, it } from '@jest/globals';
import { reactionLabel } from './reaction-label.ts';

describe('reactionLabel', () => {
  it.each([
    [1, false, [], '1 person reacted with thumbs up'],
    [3, false, [], '3 people reacted with thumbs up'],
    [1, true, [], 'You reacted with thumbs up'],
    [2, true, [], 'You and 1 other reacted with thumbs up'],
    [1, false, ['Ada'], 'Ada reacted with thumbs up'],
    [2, true, ['Ada'], 'You and Ada reacted with thumbs up'],
    [5, false, ['Ada', 'Ben'], 'Ada, Ben and 3 others reacted with thumbs up'],
    [200, true, ['Ada', 'Ben'], 'You, Ada, Ben and 197 others reacted with thumbs up'],
  ])('describes a count of %i, with the user’s own: %s, of %j', (count, mine, names, label) => {
    expect(reactionLabel({ emoji: '👍', count, userIds: [], mine }, names)).toBe(label);
  });

  it('has the emoji itself when it has no name', () => {
    const reaction = { emoji: '🦩', count: 1, userIds: [], mine: true };
    expect(reactionLabel(reaction, [])).toBe('You reacted with 🦩');
  });
});
