import type { RoomChange } from '@chat/messages';
import { describe, expect, it } from '@jest/globals';
import { RoomLog } from '../../test/room-log.ts';
import { RecentChanges } from './recent-changes.ts';

const TEXT = 'x'.repeat(1_000);

function range(roomId: string, from: number, to: number): RoomChange[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const rev = from + index;
    const message = {
      id: String(rev).padStart(22, '0'),
      roomId,
      seq: rev,
      rev,
      userId: 'u1',
      username: 'ann',
      text: TEXT,
      timestamp: '2026-01-01T00:00:00.000Z',
    };
    return { roomId, rev, message };
  });
}

describe('RecentChanges', () => {
  it('returns the changes after a rev in order, up to the limit or the first gap', () => {
    const recent = new RecentChanges();
    recent.add(range('general', 1, 4));
    recent.add(range('general', 6, 7));
    expect(recent.changesAfter('general', 1, 100)).toEqual(range('general', 2, 4));
    expect(recent.changesAfter('general', 1, 2)).toEqual(range('general', 2, 3));
    expect(recent.changesAfter('general', 4, 100)).toEqual([]);
    expect(recent.changesAfter('other', 1, 100)).toEqual([]);
  });

  it('evicts the oldest changes when those of all rooms exceed the byte budget', () => {
    const recent = new RecentChanges(100_000);
    for (let room = 0; room < 100; room += 1) recent.add(range(`room-${room}`, 1, 10));
    const cached = Array.from({ length: 100 }, (_, room) =>
      recent.changesAfter(`room-${room}`, 0, 10),
    ).flat();
    expect(cached.length).toBeGreaterThan(10);
    expect(cached.length * TEXT.length).toBeLessThan(100_000);
    expect(recent.changesAfter('room-99', 0, 10)).toHaveLength(10);
  });

  it('evicts no changes of a quiet room when a busy room adds thousands', () => {
    const recent = new RecentChanges(3_000_000);
    recent.add(range('quiet', 1, 10));
    for (let rev = 1; rev <= 5_000; rev += 1) recent.add(range('busy', rev, rev));
    expect(recent.changesAfter('quiet', 0, 10)).toHaveLength(10);
    expect(recent.changesAfter('busy', 4_900, 200)).toEqual(range('busy', 4_901, 5_000));
  });

  it('drops the texts of a deleted message but keeps its revs and other messages', () => {
    const room = new RoomLog();
    const recent = new RecentChanges();
    const id = room.create('secret').message?.id ?? '';
    room.create('harmless');
    room.edit(id, 'secret, and edited');
    room.react('bob', id);
    recent.add(room.changesByRev);
    expect(JSON.stringify(recent.changesAfter('general', 0, 10))).toContain('secret');
    recent.add([room.remove(id)]);
    const changes = recent.changesAfter('general', 0, 10);
    expect(changes.map(({ rev }) => rev)).toEqual([1, 2, 3, 4, 5]);
    expect(JSON.stringify(changes)).not.toContain('secret');
    expect(changes[1]?.message?.text).toBe('harmless');
  });

  it('counts reactions as memory, and evicts the oldest changes beyond the limit', () => {
    const room = new RoomLog();
    const recent = new RecentChanges(20_000);
    const id = room.create('popular').message?.id ?? '';
    for (let n = 0; n < 40; n += 1) room.react(`user-${n}`, id);
    recent.add(room.changesByRev);
    expect(recent.changesAfter('general', 0, 50)).toEqual([]);
    expect(recent.changesAfter('general', 37, 50).map(({ rev }) => rev)).toEqual([38, 39, 40, 41]);
    expect(recent.changesAfter('general', 25, 50)).toEqual([]);
  });
});
