import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Changes, Message, RoomHead } from '@chat/contracts';
import type { RoomRev } from '@chat/messages';
import { Metrics } from '@chat/platform/monitoring';
import { MAX_REVS_PER_CALL, type RoomDirectory } from '../room-directory.ts';
import { RecentChanges } from './recent-changes.ts';
import type { RoomFanOut } from '../fan-out/room-fan-out.ts';
import { RoomStreams } from './room-streams.ts';
import { DeliveryMetrics } from './delivery-metrics.ts';

function message(rev: number): Message {
  return {
    id: String(rev).padStart(22, '0'),
    roomId: 'general',
    seq: rev,
    rev,
    userId: 'u1',
    username: 'ann',
    text: `message ${rev}`,
    timestamp: '2026-01-01T00:00:00.000Z',
  };
}

describe('RoomStreams', () => {
  let stored: number;
  let headReads: number;
  let unreadable: string | undefined;
  let emitted: unknown[];
  let reportGap: () => void;
  let streams: RoomStreams;

  beforeEach(() => {
    stored = 0;
    headReads = 0;
    unreadable = undefined;
    emitted = [];
    const feed = {
      subscribe: () => Promise.resolve(() => undefined),
      onGap: (listener: () => void) => {
        reportGap = listener;
        return () => (reportGap = () => undefined);
      },
    };
    const directory: Pick<RoomDirectory, 'head' | 'newerRevs' | 'changes'> = {
      head: (roomId): Promise<RoomHead> => Promise.resolve({ roomId, seq: stored, rev: stored }),
      newerRevs: async (known): Promise<RoomRev[]> => {
        headReads += 1;
        await delay(20);
        if (known.some(({ roomId }) => roomId === unreadable)) throw new Error('unavailable');
        return known
          .filter(({ rev }) => rev < stored)
          .map(({ roomId }) => ({ roomId, rev: stored }));
      },
      changes: (_roomId, since): Promise<Changes> => {
        const changes = Array.from({ length: stored - since }, (_, i) => message(since + i + 1));
        return Promise.resolve({ rev: stored, complete: true, changes });
      },
    };
    const fanOut: Pick<RoomFanOut, 'send' | 'sendChanges' | 'hasCapacity'> = {
      send: (_roomId, event, payload) => void emitted.push([event, payload]),
      sendChanges: (_roomId, events) => {
        for (const { name, payload } of events) emitted.push([name, payload]);
      },
      hasCapacity: () => true,
    };
    streams = new RoomStreams(
      feed,
      directory as RoomDirectory,
      new RecentChanges(),
      fanOut as RoomFanOut,
      new DeliveryMetrics(new Metrics()),
    );
  });

  afterEach(() => streams.onApplicationShutdown());

  it('catches up with the store as soon as the feed reports a gap', async () => {
    await streams.acquire('general');
    stored = 2;
    reportGap();
    await delay(100);
    expect(emitted).toEqual([
      ['receiveMessage', message(1)],
      ['receiveMessage', message(2)],
      ['roomHeads', [{ roomId: 'general', seq: 2, rev: 2 }]],
    ]);
  });

  it('coalesces 50 head checks requested during a running check into one more check', async () => {
    await streams.acquire('general');
    headReads = 0;
    const first = streams.checkHeads();
    await delay(5);
    stored = 1;
    await Promise.all([first, ...Array.from({ length: 50 }, () => streams.checkHeads())]);
    expect(headReads).toBe(2);
    expect(emitted).toContainEqual(['receiveMessage', message(1)]);
  });

  it('catches up other rooms when reading the revs of some rooms fails', async () => {
    for (let n = 0; n < MAX_REVS_PER_CALL; n += 1) await streams.acquire(`room-${n}`);
    await streams.acquire('general');
    unreadable = 'room-7';
    stored = 1;
    await streams.checkHeads();
    expect(emitted).toEqual([
      ['receiveMessage', message(1)],
      ['roomHeads', [{ roomId: 'general', seq: 1, rev: 1 }]],
    ]);
  });

  it('ignores gaps reported by the feed after shutdown', async () => {
    await streams.acquire('general');
    headReads = 0;
    streams.onApplicationShutdown();
    reportGap();
    await delay(50);
    expect(headReads).toBe(0);
  });
});
