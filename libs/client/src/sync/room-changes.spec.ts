import type { Message } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, integer, nat, property, record } from 'fast-check';
import { RoomLog, roomLogs } from '../../test/room-log.ts';
import { Timeline } from '../timeline/timeline.ts';
import { RoomChanges } from './room-changes.ts';

/**
 * Arrivals of live changes: any of them, in any order, any number of times. An older page of
 * messages may come in between.
 */
const ARRIVALS = array(record({ index: nat(), mayApply: boolean(), older: boolean() }), {
  maxLength: 80,
  size: 'max',
});

function loadedChanges(log: RoomLog, rev: number, size: number): RoomChanges {
  const changes = new RoomChanges();
  changes.setHead(rev);
  changes.load(new Timeline(log.page(rev, size), rev, () => false));
  return changes;
}

function liveChange(log: RoomLog, rev: number): Message {
  const change = log.deltas[rev - 1];
  if (!change) throw new Error(`The room has no change ${rev}.`);
  return change;
}

describe('RoomChanges', () => {
  it('has the same timeline when live changes arrive in any order, repeatedly or not at all', () => {
    const pageSizes = integer({ min: 1, max: 8 });
    assert(
      property(roomLogs(), nat(), ARRIVALS, pageSizes, (log, seed, arrivals, pageSize) => {
        const rev = seed % (log.head + 1);
        const changes = loadedChanges(log, rev, pageSize);
        const applied: Message[] = [];
        const shown = new Map<string, number>();
        for (const { index, mayApply, older } of arrivals) {
          applied.push(...changes.receive(liveChange(log, 1 + (index % log.head)), mayApply));
          if (mayApply) applied.push(...changes.applyHeld());
          const firstSeq = changes.timeline?.firstSeq;
          if (older) changes.timeline?.prepend(log.page(log.head, pageSize, firstSeq));
          const messages = changes.timeline?.messages ?? [];
          expect(messages.filter((message) => message.rev < (shown.get(message.id) ?? 0))).toEqual(
            [],
          );
          for (const message of messages) shown.set(message.id, message.rev);
        }
        changes.setHead(log.head);
        while (changes.incomplete) {
          const page = log.changes(changes.rev, pageSize);
          applied.push(...changes.apply(page.changes, page.rev), ...changes.applyHeld());
        }
        const firstSeq = changes.timeline?.firstSeq ?? 1;
        expect(changes.timeline?.messages).toEqual(log.messagesAt(log.head).slice(firstSeq - 1));
        expect(changes.mustLoad).toBe(false);
        const revs = applied.map((change) => change.rev);
        expect(revs).toEqual([...new Set(revs)].sort((a, b) => a - b));
        for (const { rev: missed } of log.messagesAt(log.head)) {
          if (missed > rev) expect(revs).toContain(missed);
        }
      }),
    );
  });

  it('is incomplete from a change after a gap until the gap is filled', () => {
    assert(
      property(roomLogs(), (log) => {
        const changes = loadedChanges(log, 0, 1);
        expect(changes.receive(liveChange(log, log.head), false)).toEqual([]);
        expect(changes.incomplete).toBe(true);
        for (let rev = 1; rev < log.head; rev += 1) changes.receive(liveChange(log, rev), true);
        changes.applyHeld();
        expect(changes.incomplete).toBe(false);
      }),
    );
  });

  it('must be reloaded when all changes are applied but a message is still missing', () => {
    const changes = new RoomChanges();
    const [first, second] = ['first', 'second'].map((text, index): Message => ({
      id: text,
      roomId: 'general',
      seq: index + 1,
      rev: index + 1,
      userId: 'bob',
      username: 'bob',
      text,
      timestamp: '2026-01-01T00:00:00.000Z',
    }));
    if (!first || !second) throw new Error('There are two messages.');
    changes.load(new Timeline([], 0, () => false));
    changes.setHead(2);
    changes.apply([second], 2);
    expect(changes.timeline?.messages).toEqual([]);
    expect(changes.mustLoad).toBe(true);
    changes.load(new Timeline([first, second], 2, () => false));
    expect(changes.mustLoad).toBe(false);
  });

  it('holds at most 1,000 changes, and drops all others when the next one arrives', () => {
    const log = new RoomLog(
      Array.from({ length: 1_002 }, () => ({ edited: undefined, own: false })),
    );
    const changes = loadedChanges(log, 0, 1);
    for (let rev = 2; rev <= 1_002; rev += 1) changes.receive(liveChange(log, rev), true);
    expect(changes.head).toBe(1_002);
    changes.apply([liveChange(log, 1)], 1);
    expect(changes.applyHeld()).toEqual([]);
    changes.apply(log.changes(1, 1_000).changes, 1_001);
    expect(changes.applyHeld()).toEqual([liveChange(log, 1_002)]);
  });

  it('does not hold a change that is already applied', () => {
    const log = new RoomLog(
      Array.from({ length: 1_002 }, () => ({ edited: undefined, own: false })),
    );
    const changes = loadedChanges(log, 1_000, 1);
    changes.receive(liveChange(log, 1_002), true);
    for (let rev = 1; rev <= 1_000; rev += 1) changes.receive(liveChange(log, rev), true);
    changes.receive(liveChange(log, 1_001), true);
    expect(changes.applyHeld()).toEqual([liveChange(log, 1_002)]);
  });
});
