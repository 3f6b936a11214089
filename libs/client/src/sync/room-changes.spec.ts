import { describe, expect, it } from '@jest/globals';
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  integer,
  nat,
  oneof,
  property,
  record,
} from 'fast-check';
import {
  roomLogs,
  roomWithMessages,
  timelineOf,
  type RoomLog,
  type RoomLogEvent,
} from '../../test/room-log.ts';
import { stateUpdate } from '../timeline/message-update.ts';
import type { AppliedChange } from '../timeline/timeline.ts';
import {
  fromMessageChanged,
  fromReceivedMessage,
  fromRoomHead,
  type LiveChange,
} from './live-change.ts';
import { addOlderPage } from './older-page.ts';
import { RoomChanges } from './room-changes.ts';

/** Distance of a live event from the one that is next: early, late or repeated. */
const DISTANCE = integer({ min: -3, max: 6 });
const LIVE = record({ kind: constant('live' as const), distance: DISTANCE, mayApply: boolean() });
/** The events of a server after a gap of its own. */
const SERVER_GAP = record({ kind: constant('server gap' as const), since: nat(), head: nat() });
/** A page of changes: of a head that is older than its messages. */
const FILL = record({
  kind: constant('fill' as const),
  head: nat(),
  now: nat(),
  limit: integer({ min: 1, max: 8 }),
});
/** An older page that is read at another rev, while live events arrive. */
const OLDER = record({
  kind: constant('older' as const),
  rev: nat(),
  now: nat(),
  meanwhile: array(DISTANCE, { maxLength: 5 }),
});
const ARRIVALS = array(oneof(LIVE, SERVER_GAP, FILL, OLDER), { maxLength: 60, size: 'max' });

function loadedChanges(log: RoomLog, rev: number, size: number): RoomChanges {
  const changes = new RoomChanges();
  changes.setHead(rev);
  changes.load(timelineOf(log, rev, size));
  return changes;
}

function liveChange({ name, payload }: RoomLogEvent): LiveChange {
  if (name === 'roomHeads') {
    const change = payload[0] && fromRoomHead(payload[0]);
    if (!change) throw new Error('The event covers a range of revs.');
    return change;
  }
  const change =
    name === 'receiveMessage'
      ? fromReceivedMessage(payload, 'ada')
      : fromMessageChanged(payload, 'ada');
  if (!change) throw new Error('The change can be applied.');
  return change;
}

function liveChangeAt(log: RoomLog, rev: number): LiveChange {
  return liveChange(log.event(rev));
}

/** Receives a change of a room and applies the held ones that follow. */
function receive(changes: RoomChanges, change: LiveChange): AppliedChange[] {
  return [...changes.receive(change, true), ...changes.applyHeld()];
}

/** Fills the gap by one page of changes. */
function fill(changes: RoomChanges, log: RoomLog, limit: number, head: number, now: number) {
  const page = log.changes(changes.rev, limit, head, now);
  changes.raiseHead(page.rev);
  const applied = changes.apply(page.changes.map(stateUpdate), page.rev, page.complete);
  return [...applied, ...changes.applyHeld()];
}

describe('RoomChanges', () => {
  it('has the timeline of a fresh read, whatever events and pages arrive in whatever order', async () => {
    const pageSizes = integer({ min: 1, max: 8 });
    await assert(
      asyncProperty(roomLogs(), nat(), ARRIVALS, pageSizes, async (log, seed, arrivals, size) => {
        const start = seed % (log.head + 1);
        const changes = loadedChanges(log, start, size);
        const revOf = (index: number): number => 1 + (index % log.head);
        const atLeast = (rev: number, index: number): number => Math.max(rev, revOf(index));
        const liveAt = (distance: number): LiveChange =>
          liveChangeAt(log, Math.min(log.head, Math.max(1, changes.rev + 1 + distance)));
        const applied: AppliedChange[] = [];
        const shown = new Map<string, number>();
        let storeHead = start;
        for (const arrival of arrivals) {
          if (arrival.kind === 'live') {
            const change = liveAt(arrival.distance);
            applied.push(...changes.receive(change, arrival.mayApply));
            if (arrival.mayApply) applied.push(...changes.applyHeld());
          } else if (arrival.kind === 'server gap') {
            const head = revOf(arrival.head);
            // The events belong together: a later one has what an earlier one skips.
            for (const event of log.eventsAfterGap(arrival.since % head, head)) {
              applied.push(...changes.receive(liveChange(event), true));
            }
            applied.push(...changes.applyHeld());
          } else if (arrival.kind === 'fill') {
            storeHead = atLeast(Math.max(storeHead, changes.head), arrival.head);
            const now = atLeast(storeHead, arrival.now);
            applied.push(...fill(changes, log, arrival.limit, storeHead, now));
          } else if (changes.timeline?.hasOlder) {
            const { firstSeq } = changes.timeline;
            const rev = revOf(arrival.rev);
            const messages = log.page(atLeast(rev, arrival.now), size, firstSeq);
            const rest = {
              history: () =>
                Promise.resolve({
                  messages,
                  seq: log.messagesAt(rev).length,
                  rev,
                  editWindowMs: Infinity,
                }),
              changes: (_roomId: string, since: number) =>
                Promise.resolve(log.changes(since, size)),
            };
            const adding = addOlderPage('general', rest, changes.timeline);
            for (const distance of arrival.meanwhile) {
              applied.push(...receive(changes, liveAt(distance)));
            }
            await adding;
          }
          const messages = changes.timeline?.messages ?? [];
          expect(messages.filter(({ id, rev }) => rev < (shown.get(id) ?? 0))).toEqual([]);
          for (const message of messages) shown.set(message.id, message.rev);
        }
        changes.setHead(log.head);
        while (changes.incomplete) {
          applied.push(...fill(changes, log, size, log.head, log.head));
        }
        const firstSeq = changes.timeline?.firstSeq ?? 1;
        expect(changes.timeline?.messages).toEqual(log.messagesAt(log.head).slice(firstSeq - 1));
        expect(changes.mustLoad).toBe(false);
        const added = applied.filter(({ isNew }) => isNew).map(({ message }) => message.seq);
        const newMessages = log.messagesAt(log.head).slice(log.messagesAt(start).length);
        expect(added.sort((a, b) => a - b)).toEqual(newMessages.map(({ seq }) => seq));
      }),
      // The limit ends the search for a smaller example after a failure.
      { numRuns: 300, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('is incomplete from a change after a gap until the gap is filled', () => {
    assert(
      property(roomLogs(), (log) => {
        const changes = loadedChanges(log, 0, 1);
        expect(changes.receive(liveChangeAt(log, log.head), false)).toEqual([]);
        expect(changes.incomplete).toBe(true);
        for (let rev = 1; rev < log.head; rev += 1) changes.receive(liveChangeAt(log, rev), true);
        changes.applyHeld();
        expect(changes.incomplete).toBe(false);
      }),
    );
  });

  it('must be reloaded when the fifth read up to the head does not contain a missing message', () => {
    const log = roomWithMessages(2);
    const changes = loadedChanges(log, 0, 1);
    changes.setHead(2);
    changes.apply(log.page(2, 1).map(stateUpdate), 2, true);
    for (let read = 2; read <= 5; read += 1) {
      expect(changes.awaitsMissing).toBe(true);
      expect(changes.incomplete).toBe(true);
      expect(changes.mustLoad).toBe(false);
      changes.apply([], 2, true);
    }
    expect(changes.timeline?.messages).toEqual([]);
    expect(changes.awaitsMissing).toBe(false);
    expect(changes.mustLoad).toBe(true);
    changes.load(timelineOf(log, 2, 2));
    expect(changes.mustLoad).toBe(false);
  });

  it('holds at most 1,000 changes, and drops all others when the next one arrives', () => {
    const log = roomWithMessages(1_002);
    const changes = loadedChanges(log, 0, 1);
    for (let rev = 2; rev <= 1_002; rev += 1) changes.receive(liveChangeAt(log, rev), true);
    expect(changes.head).toBe(1_002);
    changes.receive(liveChangeAt(log, 1), true);
    expect(changes.applyHeld()).toEqual([]);
    changes.apply(log.changes(1, 1_000).changes.map(stateUpdate), 1_001, true);
    expect(changes.applyHeld()).toMatchObject([{ message: { rev: 1_002 } }]);
  });

  it('does not hold a change that is already applied', () => {
    const log = roomWithMessages(1_002);
    const changes = loadedChanges(log, 1_000, 1);
    changes.receive(liveChangeAt(log, 1_002), true);
    for (let rev = 1; rev <= 1_000; rev += 1) changes.receive(liveChangeAt(log, rev), true);
    changes.receive(liveChangeAt(log, 1_001), true);
    expect(changes.applyHeld()).toMatchObject([{ message: { rev: 1_002 } }]);
  });
});
