import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, MessageChange } from '@chat/contracts';
import type { LiveEvent } from '../check/observation.ts';
import { RoomReplica } from './room-replica.ts';

const AT = '2026-11-01T00:00:00.000Z';

describe('RoomReplica', () => {
  let replica: RoomReplica;
  beforeEach(() => {
    replica = new RoomReplica();
  });

  it('applies an edit, a reaction and a deletion of a message', () => {
    replica.applyStates([message(1)], 1, true);
    replica.receive(changed(2, { kind: 'edited', text: 'new', editedAt: AT }));
    replica.receive(changed(3, { kind: 'reacted', emoji: '👍', userId: 'eve', on: true }));
    const reactions = [{ emoji: '👍', count: 1, userIds: ['eve'] }];
    expect(replica.messages).toEqual([
      { ...message(1), rev: 3, text: 'new', editedAt: AT, reactions },
    ]);
    replica.receive(changed(4, { kind: 'deleted', deletedAt: AT }));
    expect(replica.messages).toEqual([{ ...message(1), rev: 4, text: '', deletedAt: AT }]);
    expect(replica.emitted).toEqual([
      { id: 'id1', rev: 1, isNew: true },
      ...[2, 3, 4].map((rev) => ({ id: 'id1', rev, isNew: false })),
    ]);
  });

  it('holds events until the states of every page are applied', () => {
    replica.receive(changed(6, { kind: 'edited', text: 'latest', editedAt: AT }));
    replica.applyStates([message(2)], 3, false);
    expect(replica.messages).toEqual([message(2)]);
    replica.applyStates([message(1, 5)], 5, true);
    expect(replica.rev).toBe(6);
    expect(replica.messages[0]).toMatchObject({ rev: 6, text: 'latest' });
  });

  it('ignores an event that a state includes', () => {
    replica.applyStates([{ ...message(1, 3), text: 'of rev 3' }], 1, true);
    replica.receive(changed(2, { kind: 'edited', text: 'of rev 2', editedAt: AT }));
    expect(replica.rev).toBe(2);
    expect(replica.messages[0]?.text).toBe('of rev 3');
  });

  it('stays behind an event that leaves a gap', () => {
    replica.applyStates([message(1)], 1, true);
    replica.receive(changed(3, { kind: 'edited', text: 'new', editedAt: AT }));
    expect(replica.rev).toBe(1);
    replica.receive({ kind: 'head', since: 1, rev: 2, time: 0 });
    expect(replica.rev).toBe(3);
  });

  it('counts a reaction that is delivered at two revs twice', () => {
    const reacted = { kind: 'reacted', emoji: '👍', userId: 'eve', on: true } as const;
    replica.applyStates([message(1)], 1, true);
    replica.receive(changed(2, reacted));
    replica.receive(changed(3, reacted));
    expect(replica.messages[0]?.reactions).toEqual([
      { emoji: '👍', count: 2, userIds: ['eve', 'eve'] },
    ]);
  });
});

function message(seq: number, rev = seq): Message {
  return {
    id: `id${seq}`,
    roomId: 'general',
    seq,
    rev,
    userId: 'ada',
    username: 'Ada',
    text: `text ${seq}`,
    timestamp: AT,
  };
}

/** A change of the first message. */
function changed(rev: number, change: MessageChange): LiveEvent {
  return {
    kind: 'changed',
    changed: { roomId: 'general', rev, messageId: 'id1', change },
    time: 0,
  };
}
