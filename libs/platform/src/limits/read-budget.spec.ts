import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Metrics } from '../monitoring/metrics.ts';
import { Refusals } from '../monitoring/refusals.ts';
import { ReadBudget, type ReadSlot } from './read-budget.ts';

const LIMITS = { perUser: 2, concurrent: 3, bytes: 1_000, userBytesPerSecond: 1_000 };

describe('ReadBudget', () => {
  let metrics: Metrics;
  let budget: ReadBudget;
  const connected = new AbortController().signal;

  beforeEach(() => {
    jest.useFakeTimers();
    metrics = new Metrics();
    budget = new ReadBudget(LIMITS, new Refusals(metrics), metrics);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Users and slots of the admitted reads, in the order of admission. */
  const entered: [string, ReadSlot][] = [];
  beforeEach(() => {
    entered.length = 0;
  });
  const enter = (user: string, bytes = 10, disconnected = connected) => {
    const entering = budget.acquire(user, bytes, disconnected).then((slot) => {
      if (slot) entered.push([user, slot]);
      return slot;
    });
    entering.catch(() => undefined);
    return entering;
  };
  const settle = () => jest.advanceTimersByTimeAsync(0);
  const users = async () => {
    await settle();
    return entered.map(([user]) => user);
  };
  const slot = (index: number): ReadSlot => {
    const found = entered[index];
    if (!found) throw new Error(`there is no slot ${index}`);
    return found[1];
  };
  const gauge = async (name: string): Promise<number | undefined> =>
    (await metrics.registry.getSingleMetric(name)?.get())?.values[0]?.value;

  it('admits 2 reads of a user, and the next one when a response has been sent', async () => {
    for (let n = 0; n < 4; n += 1) void enter('ann');
    expect(await users()).toEqual(['ann', 'ann']);
    slot(0).answered(10);
    expect(await users()).toHaveLength(2);
    slot(0).release();
    slot(0).release();
    expect(await users()).toHaveLength(3);
  });

  it('rejects reads by a user who has read more bytes than the rate and its burst allow', async () => {
    const read = async (user: string, bytes: number): Promise<void> => {
      const slot = await enter(user, 500);
      slot?.answered(bytes);
      slot?.release();
    };
    // Reserved bytes that were not read are not charged.
    for (let n = 0; n < 30; n += 1) await read('bob', 100);
    for (let n = 0; n < 8; n += 1) await read('ann', 500);
    await read('ann', 500);
    const rejection = await read('ann', 500).catch((error: unknown) => error);
    expect(rejection).toMatchObject({ code: 'RATE_LIMITED', options: { retryAfterMs: 500 } });
    await read('bob', 100);
    jest.advanceTimersByTime(500);
    await read('ann', 500);
  });

  it('serves users round-robin, regardless of how many reads by one user are waiting', async () => {
    for (let n = 0; n < 10; n += 1) void enter('ann');
    void enter('bob');
    void enter('bob');
    expect(await users()).toEqual(['ann', 'ann', 'bob']);
    slot(0).release();
    expect(await users()).toEqual(['ann', 'ann', 'bob', 'ann']);
    slot(1).release();
    expect(await users()).toEqual(['ann', 'ann', 'bob', 'ann', 'bob']);
  });

  it('allows 3 reads in the store, and the next one when the store has responded', async () => {
    for (const user of ['ann', 'bob', 'cid', 'dan']) void enter(user);
    expect(await users()).toEqual(['ann', 'bob', 'cid']);
    slot(0).answered(10);
    expect(await users()).toEqual(['ann', 'bob', 'cid', 'dan']);
  });

  it('reserves the maximum size of a response until its size is known', async () => {
    void enter('ann', 600);
    void enter('bob', 600);
    expect(await users()).toEqual(['ann']);
    expect(await gauge('chat_read_bytes')).toBe(600);
    slot(0).answered(300);
    expect(await users()).toEqual(['ann', 'bob']);
    expect(await gauge('chat_read_bytes')).toBe(900);
  });

  it('admits a read larger than the budget when there is no other read', async () => {
    void enter('ann', 5_000);
    expect(await users()).toEqual(['ann']);
  });

  it('lets no small read overtake a large one that waits for bytes', async () => {
    void enter('ann', 600);
    void enter('bob', 600);
    void enter('cid', 1);
    expect(await users()).toEqual(['ann']);
    slot(0).release();
    expect(await users()).toEqual(['ann', 'bob', 'cid']);
  });

  it('rejects a read that has waited for 3 s', async () => {
    void enter('ann');
    void enter('ann');
    const late = enter('ann');
    await jest.advanceTimersByTimeAsync(2_999);
    expect(await gauge('chat_reads_waiting')).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    await expect(late).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await gauge('chat_reads_waiting')).toBe(0);
  });

  it('rejects a read immediately when 100 reads by its user are waiting', async () => {
    for (let n = 0; n < 102; n += 1) void enter('ann');
    await expect(enter('ann')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      options: { retryAfterMs: 1_000 },
    });
    void enter('bob');
    expect(await users()).toContain('bob');
  });

  it('grants no slot to a read that is aborted before or while it waits', async () => {
    const disconnected = new AbortController();
    void enter('ann');
    void enter('ann');
    const waiting = enter('ann', 10, disconnected.signal);
    disconnected.abort();
    expect(await waiting).toBeUndefined();
    expect(await enter('bob', 10, disconnected.signal)).toBeUndefined();
    expect(await gauge('chat_reads_waiting')).toBe(0);
    expect(await users()).toEqual(['ann', 'ann']);
  });

  const rejectionsBy = async (limit: string): Promise<number | undefined> => {
    const { values = [] } =
      (await metrics.registry.getSingleMetric('chat_refusals_total')?.get()) ?? {};
    return values.find(({ labels }) => labels['limit'] === limit)?.value;
  };

  describe('when its queue is full', () => {
    const WAITING = 2_000;
    /** Fills the slots in the store, and then the queue. */
    const fill = async (userIds: readonly string[], each: number): Promise<void> => {
      for (let n = 0; n < each; n += 1) for (const user of userIds) void enter(user);
      await settle();
    };
    const twenty = Array.from({ length: 20 }, (_, n) => `eve ${n}`);

    it('rejects only the newest read by the user with the most reads waiting', async () => {
      await fill(['eve'], 2 + 100);
      // The store has three slots.
      void enter('mallory');
      await fill(twenty.slice(1), 100);
      expect(await gauge('chat_reads_waiting')).toBe(WAITING);
      const outcome = jest.fn();
      enter('ann').then(outcome, outcome);
      await settle();
      expect(outcome).not.toHaveBeenCalled();
      expect(await gauge('chat_reads_waiting')).toBe(WAITING);
      expect(await rejectionsBy('all_reads')).toBe(1);
      await expect(enter('eve 1')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    });

    it('serves a read by a different user within one round of all users', async () => {
      await fill(twenty, 100);
      await fill(twenty.slice(0, 3), 1);
      expect(await gauge('chat_reads_waiting')).toBe(WAITING);
      void enter('ann');
      for (let served = 0; served <= twenty.length; served += 1) {
        slot(served).release();
        await settle();
      }
      expect(await users()).toContain('ann');
    });

    it('rejects a read by a new user while every other user has one waiting', async () => {
      const many = Array.from({ length: WAITING + 3 }, (_, n) => `user ${n}`);
      await fill(many, 1);
      expect(await gauge('chat_reads_waiting')).toBe(WAITING);
      await expect(enter('ann')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    });
  });

  describe('when no bytes are left', () => {
    /** Starts sending a response, which stays incomplete until it is cut off or released. */
    const send = (index: number, bytes: number): jest.Mock => {
      const cutOff = jest.fn();
      slot(index).answered(bytes);
      slot(index).sent(cutOff);
      return cutOff;
    };

    it('cuts off a response, unread for 1 s, to the user who holds the most bytes', async () => {
      const cutOffs: jest.Mock[] = [];
      for (const [user, bytes] of [
        ['ann', 60],
        ['eve', 600],
        ['mallory', 300],
      ] as const) {
        void enter(user, bytes);
        await settle();
        cutOffs.push(send(cutOffs.length, bytes));
      }
      const [cutOffAnn, cutOffEve, cutOffMallory] = cutOffs;
      void enter('bob', 200);
      void enter('cid', 200);
      await jest.advanceTimersByTimeAsync(999);
      expect(await users()).toEqual(['ann', 'eve', 'mallory']);
      await jest.advanceTimersByTimeAsync(1);
      expect(await users()).toEqual(['ann', 'eve', 'mallory', 'bob', 'cid']);
      expect(cutOffEve).toHaveBeenCalledTimes(1);
      expect(cutOffAnn).not.toHaveBeenCalled();
      expect(cutOffMallory).not.toHaveBeenCalled();
      expect(await gauge('chat_read_bytes')).toBe(760);
      expect(await rejectionsBy('read_not_taken')).toBe(1);
      slot(1).release();
      expect(await gauge('chat_read_bytes')).toBe(760);
    });

    it('serves a read within 2 s even if other users never read their responses', async () => {
      const slowReaders = ['eve 1', 'eve 2', 'eve 3', 'eve 4'];
      const read = async (user: string): Promise<void> => {
        const slot = await enter(user, 240).catch(() => undefined);
        slot?.answered(240);
        slot?.sent(() => void read(user));
      };
      for (const user of slowReaders) for (let n = 0; n < 10; n += 1) void read(user);
      await settle();
      void enter('ann', 240);
      await jest.advanceTimersByTimeAsync(2_000);
      expect(await users()).toContain('ann');
    });

    it('cuts off no response that has been sent or whose bytes are not needed by a waiting read', async () => {
      void enter('ann', 500);
      void enter('bob', 400);
      await settle();
      const cutOffs = [send(0, 500), send(1, 400)];
      await jest.advanceTimersByTimeAsync(5_000);
      slot(0).release();
      void enter('cid', 500);
      expect(await users()).toEqual(['ann', 'bob', 'cid']);
      for (const cutOff of cutOffs) expect(cutOff).not.toHaveBeenCalled();
    });

    it('cuts off a response exactly 1 s after sending began, regardless of how long the read took', async () => {
      void enter('ann', 1_000);
      await settle();
      slot(0).answered(1_000);
      void enter('bob', 10);
      await jest.advanceTimersByTimeAsync(1_500);
      const cutOff = jest.fn();
      slot(0).sent(cutOff);
      await jest.advanceTimersByTimeAsync(999);
      expect(cutOff).not.toHaveBeenCalled();
      expect(await users()).toEqual(['ann']);
      await jest.advanceTimersByTimeAsync(1);
      expect(cutOff).toHaveBeenCalledTimes(1);
      expect(await users()).toEqual(['ann', 'bob']);
    });

    it('grants no slot to a read that is aborted by the cut-off that was made for it', async () => {
      void enter('ann', 60);
      void enter('bob', 940);
      await settle();
      const disconnected = new AbortController();
      slot(0).answered(60);
      slot(0).sent(() => disconnected.abort());
      slot(1).answered(940);
      const waiting = enter('ann', 60, disconnected.signal);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await waiting).toBeUndefined();
      expect(await gauge('chat_read_bytes')).toBe(940);
      expect(await gauge('chat_reads_in_flight')).toBe(0);
    });
  });

  it('limits a user to an eighth of the bytes, or to one larger read', async () => {
    void enter('ann', 500);
    void enter('ann', 1);
    void enter('bob', 60);
    void enter('bob', 60);
    expect(await users()).toEqual(['ann', 'bob', 'bob']);
    slot(0).answered(124);
    expect(await users()).toEqual(['ann', 'bob', 'bob', 'ann']);
  });
});
