import { describe, expect, it } from '@jest/globals';
import { reactionLabel } from './reaction-label.ts';

describe('reactionLabel', () => {
  it.each([
    [1, false, '1 person reacted with 👍'],
    [3, false, '3 people reacted with 👍'],
    [1, true, 'You reacted with 👍'],
    [2, true, 'You and 1 other person reacted with 👍'],
    [3, true, 'You and 2 other people reacted with 👍'],
  ])('describes a count of %i, with the user’s own: %s', (count, mine, label) => {
    expect(reactionLabel({ emoji: '👍', count, userIds: [], mine })).toBe(label);
  });
});
