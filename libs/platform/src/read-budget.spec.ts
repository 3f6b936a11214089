import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Metrics } from './metrics.ts';
import { ReadBudget, type ReadPlace } from './read-budget.ts';
import { Refusals } from './refusals.ts';

const LIMITS = { perUser: 2, concurrent: 3, bytes: 1_000, userBytesPerSecond: 1_000 };

describe('a budget of reads', () => {
  let metrics: Metrics;
  let budget: ReadBudget;
  const here = new AbortController().signal;

  beforeEach(() => {
    jest.useFakeTimers();
    metrics = new Metrics();
    budget = new ReadBudget(LIMITS, new Refusals(metrics), metrics);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Those that have a place, in the order in which they got it. */
  const entered: [string, ReadPlace][] = [];
  beforeEach(() => {
    entered.length = 0;
  });
  const enter = (user: string, bytes = 10, gone = here) => {
    const entering = budget.enter(user, bytes, gone).then((place) => {
      if (place) entered.push([user, place]);
      return place;
    });
    entering.catch(() => undefined);
    return entering;
  };
  const settle = () => jest.advanceTimersByTimeAsync(0);
  const users = async () => {
    await settle();
    return entered.map(([user]) => user);
  };
  const place = (index: number): ReadPlace => {
    const found = entered[index];
    if (!found) throw new Error('there is no such place');
    return found[1];
  };
  const gauge = async (name: string): Promise<number | undefined> =>
    (await metrics.registry.getSingleMetric(name)?.get())?.values[0]?.value;

  it('admits a few reads of a user, and the next when an answer has left', async () => {
    for (let n = 0; n < 4; n += 1) void enter('ann');
    expect(await users()).toEqual(['ann', 'ann']);
    place(0).answered(10);
    expect(await users()).toHaveLength(2);
    place(0).release();
    place(0).release();
    expect(await users()).toHaveLength(3);
  });

  it('refuses a user who has read more bytes than the rate and its burst allow', async () => {
    const read = async (user: string, bytes: number): Promise<void> => {
      const place = await enter(user, 500);
      place?.answered(bytes);
      place?.release();
    };
    // What was reserved and not read is not charged.
    for (let n = 0; n < 30; n += 1) await read('bob', 100);
    for (let n = 0; n < 8; n += 1) await read('ann', 500);
    await read('ann', 500);
    const refused = await read('ann', 500).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', options: { retryAfterMs: 500 } });
    await read('bob', 100);
    jest.advanceTimersByTime(500);
    await read('ann', 500);
  });

  it('serves users in turn, however many reads one of them has waiting', async () => {
    for (let n = 0; n < 10; n += 1) void enter('ann');
    void enter('bob');
    void enter('bob');
    expect(await users()).toEqual(['ann', 'ann', 'bob']);
    place(0).release();
    expect(await users()).toEqual(['ann', 'ann', 'bob', 'ann']);
    place(1).release();
    expect(await users()).toEqual(['ann', 'ann', 'bob', 'ann', 'bob']);
  });

  it('lets the store work on few reads, and on the next once it has answered one', async () => {
    for (const user of ['ann', 'bob', 'cid', 'dan']) void enter(user);
    expect(await users()).toEqual(['ann', 'bob', 'cid']);
    place(0).answered(10);
    expect(await users()).toEqual(['ann', 'bob', 'cid', 'dan']);
  });

  it('counts the most that an answer may take until its size is known', async () => {
    void enter('ann', 600);
    void enter('bob', 600);
    expect(await users()).toEqual(['ann']);
    expect(await gauge('chat_read_bytes')).toBe(600);
    place(0).answered(300);
    expect(await users()).toEqual(['ann', 'bob']);
    expect(await gauge('chat_read_bytes')).toBe(900);
  });

  it('admits an answer that may be larger than the budget when there is no other', async () => {
    void enter('ann', 5_000);
    expect(await users()).toEqual(['ann']);
  });

  it('lets no small read overtake a large one that waits for bytes', async () => {
    void enter('ann', 600);
    void enter('bob', 600);
    void enter('cid', 1);
    expect(await users()).toEqual(['ann']);
    place(0).release();
    expect(await users()).toEqual(['ann', 'bob', 'cid']);
  });

  it('refuses a read that has waited for 3 s', async () => {
    void enter('ann');
    void enter('ann');
    const late = enter('ann');
    await jest.advanceTimersByTimeAsync(2_999);
    expect(await gauge('chat_reads_waiting')).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    await expect(late).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await gauge('chat_reads_waiting')).toBe(0);
  });

  it('refuses a read at once when too many of the user wait', async () => {
    for (let n = 0; n < 102; n += 1) void enter('ann');
    await expect(enter('ann')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      options: { retryAfterMs: 1_000 },
    });
    void enter('bob');
    expect(await users()).toContain('bob');
  });

  it('gives no place to a client that has gone, before or while it waits', async () => {
    const gone = new AbortController();
    void enter('ann');
    void enter('ann');
    const waiting = enter('ann', 10, gone.signal);
    gone.abort();
    expect(await waiting).toBeUndefined();
    expect(await enter('bob', 10, gone.signal)).toBeUndefined();
    expect(await gauge('chat_reads_waiting')).toBe(0);
    expect(await users()).toEqual(['ann', 'ann']);
  });
});
