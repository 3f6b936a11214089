import { describe, expect, it } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/contracts';
import { partitionsOf } from './assignment.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `instance-${index}`);

describe('the assignment of partitions', () => {
  it('gives a lone instance everything', () => {
    expect(partitionsOf('a', ['a'])).toHaveLength(PARTITION_COUNT);
  });

  for (const count of [2, 3, 5, 16]) {
    it(`gives each of ${count} instances its share, and every partition one owner`, () => {
      const shares = ids(count).map((id) => partitionsOf(id, ids(count)));
      expect(
        shares
          .flat()
          .sort((a, b) => a - b)
          .join(),
      ).toBe([...Array(PARTITION_COUNT).keys()].join());
      for (const share of shares) {
        expect(share.length).toBeGreaterThanOrEqual(Math.floor(PARTITION_COUNT / count));
        expect(share.length).toBeLessThanOrEqual(Math.ceil(PARTITION_COUNT / count));
      }
    });
  }

  it('leaves instances without work when there are more of them than partitions', () => {
    const shares = ids(20).map((id) => partitionsOf(id, ids(20)).length);
    expect(shares.filter((size) => size === 1)).toHaveLength(PARTITION_COUNT);
  });

  it('gives nothing to an instance that is not among those that share', () => {
    expect(partitionsOf('a', ['b', 'c'])).toEqual([]);
  });

  it('is the same in whatever order the instances were heard of', () => {
    expect(partitionsOf('b', ['c', 'a', 'b'])).toEqual(partitionsOf('b', ['a', 'b', 'c']));
  });
});
