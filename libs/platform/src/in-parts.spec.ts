import { describe, expect, it } from '@jest/globals';
import { inParts } from './in-parts.ts';

describe('inParts', () => {
  it('calls its function for one part after the other, and returns all answers in order', async () => {
    const parts: (readonly number[])[] = [];
    const ask = (part: readonly number[]) => {
      parts.push(part);
      return Promise.resolve(part.map(String));
    };
    expect(await inParts([1, 2, 3, 4, 5], 2, ask)).toEqual(['1', '2', '3', '4', '5']);
    expect(parts).toEqual([[1, 2], [3, 4], [5]]);
    expect(await inParts([], 2, ask)).toEqual([]);
    expect(parts).toHaveLength(3);
  });
});
