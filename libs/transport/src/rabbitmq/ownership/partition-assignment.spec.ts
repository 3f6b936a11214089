import { describe, expect, it } from '@jest/globals';
import { PARTITION_COUNT } from '@chat/messages/commands';
import { assignedPartitions } from './partition-assignment.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `instance-${index}`);

describe('assignedPartitions', () => {
  it('assigns all partitions to the only instance', () => {
    expect(assignedPartitions('a', ['a'])).toHaveLength(PARTITION_COUNT);
  });

  for (const count of [2, 3, 5, 16]) {
    it(`assigns each of ${count} instances an even share, and every partition to one instance`, () => {
      const shares = ids(count).map((id) => assignedPartitions(id, ids(count)));
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

  it('assigns one partition each to 16 of 20 instances, and none to the other four', () => {
    const shares = ids(20).map((id) => assignedPartitions(id, ids(20)).length);
    expect(shares.toSorted((a, b) => b - a)).toEqual([
      ...Array<number>(PARTITION_COUNT).fill(1),
      ...Array<number>(20 - PARTITION_COUNT).fill(0),
    ]);
  });

  it('assigns no partitions to an instance that is not in the list', () => {
    expect(assignedPartitions('a', ['b', 'c'])).toEqual([]);
  });

  it('does not depend on the order of the instances in the list', () => {
    expect(assignedPartitions('b', ['c', 'a', 'b'])).toEqual(
      assignedPartitions('b', ['a', 'b', 'c']),
    );
  });
});
