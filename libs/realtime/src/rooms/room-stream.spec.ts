import { describe, expect, it } from '@jest/globals';
import type { Changes, Message, RoomHead } from '@chat/contracts';
import type { RoomChange } from '@chat/messages';
import { openRoomStream } from '../../test/open-room-stream.ts';
import { RoomDirectory } from '../room-directory.ts';
import { RecentChanges } from './recent-changes.ts';

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

const range = (from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

const created = (message: Message): RoomChange => ({
  roomId: message.roomId,
  rev: message.rev,
  message,
});

/** A room whose messages 1 … `stored` are in the store. */
class Room extends RoomDirectory {
  reads = 0;
  unreachable = false;
  constructor(public stored: number) {
    super();
  }
  join(): Promise<never> {
    return Promise.reject(new Error('not needed by a stream'));
  }
  rolesOf(): Promise<[]> {
    return Promise.resolve([]);
  }
  positionsOf(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  head(roomId: string): Promise<RoomHead> {
    return Promise.resolve({ roomId, seq: this.stored, rev: this.stored });
  }
  async changes(_roomId: string, since: number, limit: number): Promise<Changes> {
    this.reads += 1;
    await new Promise(setImmediate);
    if (this.unreachable) throw new Error('the store is unreachable');
    const changes = range(since + 1, Math.min(this.stored, since + limit));
    const rev = changes.at(-1)?.rev ?? this.stored;
    return { rev, complete: rev === this.stored, changes };
  }
  requireAllowed(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  moveReadPosition(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
}

async function open(room: Room, recent?: RecentChanges) {
  const opened = await openRoomStream(room, recent);
  return {
    ...opened,
    emitted: opened.outlet.revs,
    feed: (...messages: Message[]) => opened.feed(...messages.map(created)),
  };
}

describe('RoomStream', () => {
  it('emits only the feed changes beyond the head read at opening', async () => {
    const { emitted, feed } = await open(new Room(5));
    feed(...range(4, 7));
    feed(message(8));
    expect(emitted).toEqual([6, 7, 8]);
  });

  it('emits a change once, even when the feed repeats it late', async () => {
    const { emitted, feed } = await open(new Room(0));
    feed(...range(1, 3));
    feed(...range(2, 4));
    feed(message(1));
    expect(emitted).toEqual([1, 2, 3, 4]);
  });

  it('fills a gap in the feed from the store, in order', async () => {
    const room = new Room(0);
    const { stream, emitted, feed } = await open(room);
    room.stored = 9;
    feed(...range(1, 2));
    feed(...range(6, 7));
    feed(...range(8, 9));
    await stream.catchUpTo(9);
    expect(emitted).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('fills a gap that spans many pages of the store', async () => {
    const room = new Room(0);
    const { stream, emitted, feed } = await open(room);
    room.stored = 1_234;
    feed(message(1_234));
    await stream.catchUpTo(1_234);
    expect(emitted).toEqual(range(1, 1_234).map(({ rev }) => rev));
  });

  it('catches up once the store is reachable again', async () => {
    const room = new Room(0);
    const { stream, emitted, feed } = await open(room);
    room.stored = 5;
    room.unreachable = true;
    feed(message(3));
    await expect(stream.catchUpTo(5)).rejects.toThrow('the store is unreachable');
    room.unreachable = false;
    await stream.catchUpTo(5);
    expect(emitted).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads an unreachable store at most once per batch of the feed', async () => {
    const room = new Room(0);
    const { feed } = await open(room);
    room.unreachable = true;
    feed(message(3));
    feed(message(4));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(room.reads).toBeLessThanOrEqual(2);
  });

  it('rejects catchUpTo() with UNAVAILABLE when the store does not have the rev', async () => {
    const { stream } = await open(new Room(3));
    await expect(stream.catchUpTo(4)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('returns recent changes from memory, or undefined when memory does not have all of them', async () => {
    const { stream, feed } = await open(new Room(10));
    feed(...range(11, 13));
    expect(stream.changesAfter(13)).toEqual([]);
    expect(stream.changesAfter(11)).toEqual(range(12, 13));
    expect(stream.changesAfter(10)).toEqual(range(11, 13));
    expect(stream.changesAfter(9)).toBeUndefined();
    expect(stream.changesAfter(14)).toBeUndefined();
    for (let rev = 14; rev <= 2_000; rev += 1) feed(message(rev));
    expect(stream.changesAfter(13)).toBeUndefined();
    expect(stream.changesAfter(1_990)).toEqual(range(1_991, 2_000));
  });

  it('emits nothing while the outlet is full, then every change in order from memory', async () => {
    const room = new Room(0);
    const { outlet, emitted, feed, stream } = await open(room);
    outlet.fill();
    room.stored = 300;
    for (const change of range(1, 300)) feed(change);
    await new Promise(setImmediate);
    expect(emitted).toEqual([]);
    expect(stream.position.rev).toBe(0);
    outlet.drain();
    await stream.catchUpTo(300);
    expect(emitted).toEqual(range(1, 300).map(({ rev }) => rev));
    expect(room.reads).toBe(0);
  });

  it('reads the changes from the store that did not fit into memory while the outlet was full', async () => {
    const room = new Room(0);
    const { outlet, emitted, feed, stream } = await open(room, new RecentChanges(20_000));
    outlet.fill();
    room.stored = 300;
    for (const change of range(1, 300)) feed(change);
    outlet.drain();
    await stream.catchUpTo(300);
    expect(emitted).toEqual(range(1, 300).map(({ rev }) => rev));
    expect(room.reads).toBeGreaterThan(0);
  });

  it('fills a gap completely when newer changes arrive during the read', async () => {
    const room = new Room(0);
    const { emitted, feed } = await open(room);
    room.stored = 3;
    feed(message(3));
    room.stored = 5;
    feed(...range(4, 5));
    for (let turns = 0; emitted.length < 5 && turns < 100; turns += 1) {
      await new Promise(setImmediate);
    }
    expect(emitted).toEqual([1, 2, 3, 4, 5]);
  });

  it('emits nothing after close(), not even changes from a read in progress', async () => {
    const room = new Room(0);
    const { stream, emitted, feed } = await open(room);
    room.stored = 5;
    feed(message(5));
    stream.close();
    feed(message(6));
    for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
    expect(room.reads).toBe(1);
    expect(emitted).toEqual([]);
  });

  it('unsubscribes from the feed when closed', async () => {
    const { stream, isUnsubscribed } = await open(new Room(0));
    stream.close();
    expect(isUnsubscribed()).toBe(true);
  });
});
