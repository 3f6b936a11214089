import { describe, expect, it } from '@jest/globals';
import { mapInChunks } from './chunks.ts';

describe('mapInChunks', () => {
  it('calls its function for one chunk at a time, and returns all results in order', async () => {
    const chunks: (readonly number[])[] = [];
    const load = (chunk: readonly number[]) => {
      chunks.push(chunk);
      return Promise.resolve(chunk.map(String));
    };
    expect(await mapInChunks([1, 2, 3, 4, 5], 2, load)).toEqual(['1', '2', '3', '4', '5']);
    expect(chunks).toEqual([[1, 2], [3, 4], [5]]);
    expect(await mapInChunks([], 2, load)).toEqual([]);
    expect(chunks).toHaveLength(3);
  });
});
