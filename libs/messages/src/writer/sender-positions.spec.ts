import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LastSent, ReadPositions } from '@chat/rooms';
import { Logger } from '@nestjs/common';
import type { StoredMessage } from '../log/stored-message.ts';
import { SenderPositions } from './sender-positions.ts';

function message(roomId: string, userId: string, seq: number): StoredMessage {
  const [id, timestamp] = [`${roomId}-${seq}`, '2026-01-01T00:00:00.000Z'];
  return { id, roomId, userId, username: userId, text: 'x', timestamp, seq, rev: seq };
}

describe('SenderPositions', () => {
  let written: (readonly LastSent[])[];
  /** Settles the writes; a test may replace it. */
  let write: () => Promise<void>;
  let positions: SenderPositions;
  beforeEach(() => {
    jest.useFakeTimers();
    written = [];
    write = () => Promise.resolve();
    const markSent: ReadPositions['markSent'] = (sent) => {
      written.push(sent);
      return write();
    };
    positions = new SenderPositions({ markSent } as ReadPositions);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('writes the last message of each sender once per second, with the head of the room', async () => {
    positions.add([message('den', 'ann', 1), message('den', 'bob', 2)]);
    positions.add([message('den', 'ann', 3), message('attic', 'ann', 8)]);
    await jest.advanceTimersByTimeAsync(999);
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(written).toEqual([
      [
        { roomId: 'den', userId: 'ann', seq: 3, messageId: 'den-3', headSeq: 3 },
        { roomId: 'den', userId: 'bob', seq: 2, messageId: 'den-2', headSeq: 3 },
        { roomId: 'attic', userId: 'ann', seq: 8, messageId: 'attic-8', headSeq: 8 },
      ],
    ]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(1);
  });

  it('ignores updates of messages', async () => {
    const update = { id: 'u', roomId: 'den', rev: 2, kind: 'none', actor: 'ann', at: '' } as const;
    positions.add([update]);
    await positions.onApplicationShutdown();
    expect(written).toEqual([]);
  });

  it('starts no write before the previous one has ended, and continues after one that failed', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const first = Promise.withResolvers<void>();
    write = () => first.promise;
    positions.add([message('den', 'ann', 1)]);
    await jest.advanceTimersByTimeAsync(1_000);
    positions.add([message('den', 'ann', 2)]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(1);
    write = () => Promise.resolve();
    first.reject(new Error('the store is unreachable'));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written.map(([sent]) => sent?.seq)).toEqual([1, 2]);
  });

  it('writes what waits on a shutdown, also during a write, and nothing afterwards', async () => {
    const first = Promise.withResolvers<void>();
    write = () => first.promise;
    positions.add([message('den', 'ann', 1)]);
    await jest.advanceTimersByTimeAsync(1_000);
    positions.add([message('den', 'ann', 2)]);
    const stopped = positions.onApplicationShutdown();
    positions.add([message('den', 'ann', 3)]);
    first.resolve();
    await stopped;
    expect(written.map(([sent]) => sent?.seq)).toEqual([1, 2]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(2);
  });

  it('keeps at most 10,000 senders waiting', async () => {
    positions.add(Array.from({ length: 10_001 }, (_, n) => message('den', `user-${n}`, n + 1)));
    positions.add([message('den', 'user-0', 10_002)]);
    await positions.onApplicationShutdown();
    expect(written[0]).toHaveLength(10_000);
    expect(written[0]?.[0]).toMatchObject({ userId: 'user-0', seq: 10_002, headSeq: 10_002 });
  });
});
