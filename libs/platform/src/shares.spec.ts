import { describe, expect, it } from '@jest/globals';
import { Shares } from './shares.ts';

describe('Shares', () => {
  it('lists the members of an owner from the oldest to the newest', () => {
    const shares = new Shares<number>();
    for (const member of [3, 1, 2]) shares.add('ann', member);
    shares.delete('ann', 1);
    expect([...shares.of('ann')]).toEqual([3, 2]);
    expect([...shares.of('bob')]).toEqual([]);
  });

  it('returns false from delete() when the owner does not have the member', () => {
    const shares = new Shares<number>();
    shares.add('ann', 1);
    expect(shares.delete('ann', 2)).toBe(false);
    expect(shares.delete('bob', 1)).toBe(false);
    expect(shares.delete('ann', 1)).toBe(true);
    expect(shares.delete('ann', 1)).toBe(false);
    expect(shares.size).toBe(0);
    expect(shares.largest).toBeUndefined();
  });

  it('prefers, of owners with equally many members, the one that has had them longest', () => {
    const shares = new Shares<number>();
    shares.add('ann', 1);
    shares.add('bob', 2);
    expect(shares.largest).toBe('ann');
    shares.add('bob', 3);
    shares.add('ann', 4);
    expect(shares.largest).toBe('bob');
  });

  it('tracks size and largest owner over 20,000 random additions and deletions', () => {
    const shares = new Shares<number>();
    const expected = new Map<string, number[]>();
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let step = 0; step < 20_000; step += 1) {
      const owner = `owner ${random(5)}`;
      const members = expected.get(owner) ?? [];
      expected.set(owner, members);
      // Alternately grows, and shrinks down to zero.
      if (random(100) < (step % 2_000 < 1_000 ? 70 : 30)) {
        members.push(step);
        shares.add(owner, step);
      } else {
        const [member] = members.splice(random(Math.max(1, members.length)), 1);
        expect(shares.delete(owner, member ?? -1)).toBe(member !== undefined);
      }
      const sizes = [...expected.values()].map(({ length }) => length);
      const { largest } = shares;
      expect(shares.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
      expect(largest === undefined ? 0 : expected.get(largest)?.length).toBe(Math.max(...sizes));
    }
  });
});
