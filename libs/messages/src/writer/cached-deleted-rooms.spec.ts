import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RoomStore } from '@chat/rooms';
import { CachedDeletedRooms } from './cached-deleted-rooms.ts';

describe('CachedDeletedRooms', () => {
  let deleted: Set<string>;
  let reads: string[][];
  let rooms: CachedDeletedRooms;
  beforeEach(() => {
    jest.useFakeTimers();
    deleted = new Set();
    reads = [];
    const store: Pick<RoomStore, 'findDeleted'> = {
      findDeleted: (roomIds) => {
        reads.push([...roomIds]);
        return Promise.resolve(new Set(roomIds.filter((roomId) => deleted.has(roomId))));
      },
    };
    rooms = new CachedDeletedRooms(store as RoomStore);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('reads all unknown rooms in one call and caches the result for 10 s', async () => {
    expect(await rooms.deletedOf(['den', 'lunch'])).toEqual(new Set());
    expect(await rooms.deletedOf(['den', 'lunch', 'music'])).toEqual(new Set());
    expect(reads).toEqual([['den', 'lunch'], ['music']]);
    deleted.add('den');
    jest.advanceTimersByTime(10_001);
    expect(await rooms.deletedOf(['den'])).toEqual(new Set(['den']));
  });

  it('re-reads a room after 10 s even when the system clock was set back', async () => {
    await rooms.deletedOf(['den']);
    deleted.add('den');
    jest.setSystemTime(Date.now() - 3_600_000);
    jest.advanceTimersByTime(10_001);
    expect(await rooms.deletedOf(['den'])).toEqual(new Set(['den']));
  });

  it('does not read a deleted room from the store again, even after an hour', async () => {
    deleted.add('den');
    await rooms.deletedOf(['den']);
    jest.advanceTimersByTime(3_600_000);
    expect(await rooms.deletedOf(['den', 'lunch'])).toEqual(new Set(['den']));
    expect(reads).toEqual([['den'], ['lunch']]);
  });
});
