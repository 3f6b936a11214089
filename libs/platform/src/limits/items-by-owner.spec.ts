import { describe, expect, it } from '@jest/globals';
import { ItemsByOwner } from './items-by-owner.ts';

describe('ItemsByOwner', () => {
  it("returns an owner's items, oldest first", () => {
    const items = new ItemsByOwner<number>();
    for (const item of [3, 1, 2]) items.add('ann', item);
    items.delete('ann', 1);
    expect([...items.of('ann')]).toEqual([3, 2]);
    expect([...items.of('bob')]).toEqual([]);
  });

  it('returns false from delete() when the owner does not have the item', () => {
    const items = new ItemsByOwner<number>();
    items.add('ann', 1);
    expect(items.delete('ann', 2)).toBe(false);
    expect(items.delete('bob', 1)).toBe(false);
    expect(items.delete('ann', 1)).toBe(true);
    expect(items.delete('ann', 1)).toBe(false);
    expect(items.size).toBe(0);
    expect(items.largestOwner).toBeUndefined();
  });

  it('breaks ties for the largest owner in favour of the one that reached the count first', () => {
    const items = new ItemsByOwner<number>();
    items.add('ann', 1);
    items.add('bob', 2);
    expect(items.largestOwner).toBe('ann');
    items.add('bob', 3);
    items.add('ann', 4);
    expect(items.largestOwner).toBe('bob');
  });

  it('tracks size and the largest owner across 20,000 random additions and deletions', () => {
    const items = new ItemsByOwner<number>();
    const expected = new Map<string, number[]>();
    let seed = 1;
    const random = (limit: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % limit;
    };
    for (let step = 0; step < 20_000; step += 1) {
      const owner = `owner ${random(5)}`;
      const expectedItems = expected.get(owner) ?? [];
      expected.set(owner, expectedItems);
      // Alternates between growing and shrinking to zero.
      if (random(100) < (step % 2_000 < 1_000 ? 70 : 30)) {
        expectedItems.push(step);
        items.add(owner, step);
      } else {
        const [item] = expectedItems.splice(random(Math.max(1, expectedItems.length)), 1);
        expect(items.delete(owner, item ?? -1)).toBe(item !== undefined);
      }
      const sizes = [...expected.values()].map(({ length }) => length);
      const { largestOwner } = items;
      expect(items.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
      expect(largestOwner === undefined ? 0 : expected.get(largestOwner)?.length).toBe(
        Math.max(...sizes),
      );
    }
  });
});
