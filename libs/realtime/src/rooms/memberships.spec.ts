import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Changes, Role, RoomHead } from '@chat/contracts';
import { UnavailableError } from '@chat/platform/failures';
import { RoomDirectory, type Membership } from '../room-directory.ts';
import { Memberships } from './memberships.ts';

/** A directory whose calls stay pending until a test settles them. */
class SlowDirectory extends RoomDirectory {
  readonly joins: PromiseWithResolvers<{ role: Role; head: RoomHead }>[] = [];
  readonly roleCalls: PromiseWithResolvers<(Role | undefined)[]>[] = [];
  join(): Promise<{ role: Role; head: RoomHead }> {
    const join = Promise.withResolvers<{ role: Role; head: RoomHead }>();
    this.joins.push(join);
    return join.promise;
  }
  rolesOf(): Promise<(Role | undefined)[]> {
    const call = Promise.withResolvers<(Role | undefined)[]>();
    this.roleCalls.push(call);
    return call.promise;
  }
  positionsOf(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  head(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  changes(): Promise<Changes> {
    return Promise.reject(new Error('not needed here'));
  }
  requireAllowed(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  moveReadPosition(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
}

describe('Memberships', () => {
  let directory: SlowDirectory;
  let memberships: Memberships;
  beforeEach(() => {
    jest.useFakeTimers();
    directory = new SlowDirectory();
    memberships = new Memberships(directory);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const head = { roomId: 'den', seq: 0, rev: 0 };

  it('coalesces concurrent lookups of a role and caches the role for 10 s', async () => {
    const roles = [memberships.roleOf('ann', 'den'), memberships.roleOf('ann', 'den')];
    directory.roleCalls[0]?.resolve(['member']);
    expect(await Promise.all(roles)).toEqual(['member', 'member']);
    jest.advanceTimersByTime(9_999);
    expect(await memberships.roleOf('ann', 'den')).toBe('member');
    expect(directory.roleCalls).toHaveLength(1);
    jest.advanceTimersByTime(2);
    const later = memberships.roleOf('ann', 'den');
    directory.roleCalls[1]?.resolve([undefined]);
    expect(await later).toBeUndefined();
  });

  it('returns a stale role, or UNAVAILABLE if none is cached, while the directory is unavailable', async () => {
    memberships.applySignal('ann', 'den', 'owner');
    jest.advanceTimersByTime(60_000);
    const known = memberships.roleOf('ann', 'den');
    directory.roleCalls[0]?.reject(new UnavailableError('The service is unavailable.', 1_000));
    expect(await known).toBe('owner');
    const unknown = memberships.roleOf('bob', 'den');
    directory.roleCalls[1]?.reject(new UnavailableError('The service is unavailable.', 1_000));
    await expect(unknown).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('prefers the role in a signal over the result of a lookup that began before the signal', async () => {
    const lookup = memberships.roleOf('ann', 'den');
    memberships.applySignal('ann', 'den', undefined);
    directory.roleCalls[0]?.resolve(['member']);
    expect(await lookup).toBeUndefined();
    expect(memberships.cachedRole('ann', 'den')).toBeNull();
  });

  it('rejects a join with NOT_FOUND when a signal removes the member during the join', async () => {
    memberships.applySignal('ann', 'den', 'member');
    const joining = memberships.join('ann', 'den');
    memberships.applySignal('ann', 'den', undefined);
    directory.joins[0]?.resolve({ role: 'member', head });
    await expect(joining).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(memberships.cachedRole('ann', 'den')).toBeNull();
  });

  it('overwrites fresh roles in a recheck, except those that a signal changed in the meantime', async () => {
    const [ann, bob, cid, dan] = ['ann', 'bob', 'cid', 'dan'].map((userId) => ({
      userId,
      roomId: 'den',
    }));
    if (!ann || !bob || !cid || !dan) throw new Error('a user is missing');
    for (const { userId } of [ann, bob, cid, dan]) memberships.applySignal(userId, 'den', 'member');
    const ended: Membership[] = [];
    const rechecked = memberships.recheck([ann, bob, cid, dan], (membership) =>
      ended.push(membership),
    );
    memberships.applySignal('cid', 'den', undefined);
    memberships.applySignal('dan', 'den', 'owner');
    directory.roleCalls[0]?.resolve(['moderator', undefined, 'member', undefined]);
    await rechecked;
    expect(ended).toEqual([bob, cid]);
    expect(directory.roleCalls).toHaveLength(1);
    expect(['ann', 'bob', 'cid', 'dan'].map((id) => memberships.cachedRole(id, 'den'))).toEqual([
      'moderator',
      null,
      null,
      'owner',
    ]);
    jest.advanceTimersByTime(9_999);
    expect(await memberships.roleOf('ann', 'den')).toBe('moderator');
    expect(directory.roleCalls).toHaveLength(1);
  });

  it('keeps the known roles when a recheck fails with UNAVAILABLE', async () => {
    memberships.applySignal('ann', 'den', 'member');
    const ended: Membership[] = [];
    const rechecked = memberships.recheck([{ userId: 'ann', roomId: 'den' }], (membership) => {
      ended.push(membership);
    });
    directory.roleCalls[0]?.reject(new UnavailableError('The service is unavailable.', 1_000));
    await expect(rechecked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(ended).toEqual([]);
    expect(memberships.cachedRole('ann', 'den')).toBe('member');
  });

  it('reports ended memberships after each batch of a recheck, even when another batch fails', async () => {
    const many = Array.from({ length: 1_100 }, (_, index) => ({
      userId: `user ${index}`,
      roomId: 'den',
    }));
    const ended: Membership[] = [];
    const rechecked = memberships.recheck(many, (membership) => ended.push(membership));
    await jest.advanceTimersByTimeAsync(2_000);
    directory.roleCalls[1]?.resolve(Array.from({ length: 500 }, () => undefined));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(ended).toEqual(many.slice(500, 1_000));
    directory.roleCalls[0]?.reject(new UnavailableError('The service is unavailable.', 1_000));
    directory.roleCalls[2]?.resolve(Array.from({ length: 100 }, () => 'member'));
    await expect(rechecked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(ended).toEqual(many.slice(500, 1_000));
    expect(memberships.cachedRole('user 1000', 'den')).toBe('member');
  });

  it('sends the calls of a recheck two at a time, spread over 6 s', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => ({
      userId: `user ${index}`,
      roomId: 'den',
    }));
    const rechecked = memberships.recheck(many, () => undefined);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(directory.roleCalls).toHaveLength(2);
    const counts: number[] = [];
    for (let second = 1; second <= 5; second += 1) {
      await resolveRoleCalls(500, 1_000);
      counts.push(directory.roleCalls.length);
    }
    expect(directory.roleCalls).toHaveLength(200);
    expect(counts.every((count, index) => count >= (index + 1) * 33 && count < 200 + index)).toBe(
      true,
    );
    await resolveRoleCalls(500, 1_000);
    await rechecked;
  });

  /** Resolves every role call within 10 ms, for the given time. */
  const resolveRoleCalls = async (roles: number, ms: number): Promise<void> => {
    for (let past = 0, resolved = 0; past < ms; past += 10) {
      for (const call of directory.roleCalls.slice(resolved)) {
        call.resolve(Array.from({ length: roles }, () => 'member'));
      }
      resolved = directory.roleCalls.length;
      await jest.advanceTimersByTimeAsync(10);
    }
  };

  it('coalesces concurrent joins of the same user and room into one call', async () => {
    const joins = [1, 2, 3].map(() => memberships.join('ann', 'den'));
    void memberships.join('ann', 'attic').catch(() => undefined);
    expect(directory.joins).toHaveLength(2);
    directory.joins[0]?.resolve({ role: 'member', head });
    expect(await Promise.all(joins)).toEqual([1, 2, 3].map(() => ({ role: 'member', head })));
    void memberships.join('ann', 'den').catch(() => undefined);
    expect(directory.joins).toHaveLength(3);
  });

  it('does not coalesce a join after a removal with a join that began before the removal', async () => {
    const before = memberships.join('ann', 'den');
    memberships.applySignal('ann', 'den', undefined);
    const after = memberships.join('ann', 'den');
    expect(directory.joins).toHaveLength(2);
    directory.joins[0]?.resolve({ role: 'member', head });
    directory.joins[1]?.resolve({ role: 'member', head });
    await expect(before).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await after).toMatchObject({ role: 'member' });
  });

  it('returns from applySignal() whether a signal differs from the previous signal', async () => {
    const joining = memberships.join('ann', 'den');
    directory.joins[0]?.resolve({ role: 'member', head });
    await joining;
    expect(memberships.applySignal('ann', 'den', 'member')).toBe(true);
    expect(memberships.applySignal('ann', 'den', 'member')).toBe(false);
    expect(memberships.applySignal('ann', 'den', 'owner')).toBe(true);
    expect(memberships.applySignal('ann', 'den', undefined)).toBe(true);
    expect(memberships.applySignal('ann', 'den', undefined)).toBe(false);
  });

  it('does not treat a membership evicted from the cache as ended', async () => {
    const joining = memberships.join('ann', 'den');
    directory.joins[0]?.resolve({ role: 'member', head });
    await joining;
    for (let index = 0; index < 100_000; index += 1) {
      memberships.applySignal('bob', `${index}`, 'member');
    }
    expect(memberships.cachedRole('ann', 'den')).toBeUndefined();
    memberships.applySignal('ann', 'den', undefined);
    expect(memberships.cachedRole('ann', 'den')).toBeNull();
  });

  it('ends all memberships of a deleted room, even when pending lookups and joins succeed', async () => {
    memberships.applySignal('ann', 'den', 'owner');
    const lookup = memberships.roleOf('bob', 'den');
    const joining = memberships.join('cid', 'den');
    memberships.applyDeletion('den');
    directory.roleCalls[0]?.resolve(['member']);
    directory.joins[0]?.resolve({ role: 'member', head });
    expect(await lookup).toBeUndefined();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await memberships.roleOf('ann', 'den')).toBeUndefined();
    expect(memberships.cachedRole('ann', 'den')).toBeNull();
  });

  it('stores the role of a user who joins after a removal', async () => {
    memberships.applySignal('ann', 'den', undefined);
    const joining = memberships.join('ann', 'den');
    directory.joins[0]?.resolve({ role: 'member', head });
    expect(await joining).toEqual({ role: 'member', head });
    expect(memberships.cachedRole('ann', 'den')).toBe('member');
  });
});
