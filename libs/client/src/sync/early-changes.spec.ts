import { describe, expect, it } from '@jest/globals';
import { roomWithMessages } from '../../test/room-log.ts';
import { stateUpdate } from '../timeline/message-update.ts';
import { EarlyChanges } from './early-changes.ts';
import type { LiveChange } from './live-change.ts';

const [MESSAGE] = roomWithMessages(1)
  .messagesAt(1)
  .map((message) => ({ ...message, rev: 5 }));

function stateSince(since: number): LiveChange {
  return { rev: 5, since, ...(MESSAGE && { update: stateUpdate(MESSAGE) }) };
}

function editSince(since: number): LiveChange {
  const change = { kind: 'edited', text: 'edited', editedAt: '2026-01-01T00:00:00.000Z' } as const;
  return { rev: 5, since, update: { messageId: 'm-1', rev: 5, change } };
}

/** Returns what is held of changes with the same rev. */
function heldOf(...changes: LiveChange[]): LiveChange[] {
  const early = new EarlyChanges();
  for (const change of changes) early.add(change);
  return early.takeAfter(4);
}

describe('EarlyChanges', () => {
  it('holds the state of a message rather than the difference of the same rev', () => {
    expect(heldOf(editSince(4), stateSince(4))).toEqual([stateSince(4)]);
    expect(heldOf(stateSince(4), editSince(4))).toEqual([stateSince(4)]);
  });

  it('holds, of two changes of the same rev, the one that covers more revs', () => {
    expect(heldOf(stateSince(4), stateSince(2))).toEqual([stateSince(2)]);
    expect(heldOf(stateSince(2), stateSince(4))).toEqual([stateSince(2)]);
  });
});
