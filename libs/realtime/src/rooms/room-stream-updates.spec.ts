import { describe, expect, it } from '@jest/globals';
import type { Message, MessageDelta } from '@chat/contracts';
import { toMessage, type RoomChange } from '@chat/messages';
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  record,
} from 'fast-check';
import { openRoomStream } from '../../test/open-room-stream.ts';
import { RoomLog } from '../../test/room-log.ts';
import type { ChangeEvent } from './change-event.ts';
import { RecentChanges } from './recent-changes.ts';

function idOf({ message }: RoomChange): string {
  if (!message) throw new Error('the change has no message');
  return message.id;
}

/** The name, rev and `since` of each event, and the kind of its change. */
function summaryOf(events: readonly ChangeEvent[]): unknown[] {
  return events.map(({ name, payload }) => {
    if (name === 'roomHeads') return [name, payload[0]?.rev, payload[0]?.since];
    const since = payload.since === undefined ? [] : [payload.since];
    return name === 'messageChanged'
      ? [payload.change.kind, payload.rev, ...since]
      : [name, payload.rev, ...since];
  });
}

/** The messages of a client that believes every event, and fails if one does not fit. */
class Client {
  readonly messages = new Map<string, Message>();
  rev = 0;

  apply(event: ChangeEvent): void {
    const { rev, since } = positionOf(event);
    expect(since).toBe(this.rev);
    this.rev = rev;
    if (event.name === 'receiveMessage') {
      const { since: _, ...message } = event.payload;
      expect(this.messages.has(message.id)).toBe(false);
      this.messages.set(message.id, message);
    } else if (event.name === 'messageChanged') {
      const { messageId, change } = event.payload;
      const known = this.messages.get(messageId);
      if (!known) throw new Error(`${messageId} was changed before it was received`);
      const next = change.kind === 'state' ? change.message : { ...changed(known, change), rev };
      this.messages.set(messageId, next);
    }
  }
}

function positionOf(event: ChangeEvent): { rev: number; since: number } {
  const { rev = 0, since } = event.name === 'roomHeads' ? (event.payload[0] ?? {}) : event.payload;
  return { rev, since: since ?? rev - 1 };
}

function changed(message: Message, delta: MessageDelta): Message {
  switch (delta.kind) {
    case 'edited':
      return { ...message, text: delta.text, editedAt: delta.editedAt };
    case 'deleted': {
      const { editedAt: _e, reactions: _r, ...fixed } = message;
      return { ...fixed, text: '', deletedAt: delta.deletedAt };
    }
    case 'reacted': {
      const { reactions, ...fixed } = message;
      const before = reactions?.[0]?.userIds ?? [];
      const userIds = before.filter((id) => id !== delta.userId);
      if (delta.on) userIds.push(delta.userId);
      if (userIds.length === 0) return fixed;
      return { ...fixed, reactions: [{ emoji: delta.emoji, count: userIds.length, userIds }] };
    }
  }
}

describe('RoomStream with updates of messages', () => {
  it('emits each change from the feed as a delta, in order', async () => {
    const room = new RoomLog();
    const { outlet, feed } = await openRoomStream(room);
    const id = idOf(room.create('hello'));
    room.edit(id, 'edited');
    room.react('bob', id);
    room.remove(id);
    room.create('next');
    for (const change of room.changesByRev) feed(change);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 1],
      ['edited', 2],
      ['reacted', 3],
      ['deleted', 4],
      ['receiveMessage', 5],
    ]);
    expect(outlet.events[1]).toEqual({
      name: 'messageChanged',
      payload: {
        roomId: 'general',
        rev: 2,
        messageId: id,
        change: { kind: 'edited', text: 'edited', editedAt: expect.any(String) as unknown },
      },
    });
    expect(room.reads).toBe(0);
  });

  it('emits the head for a command without effect, with the rev up to which events were complete', async () => {
    const room = new RoomLog();
    const { outlet, feed, stream } = await openRoomStream(room);
    const id = idOf(room.create('hello'));
    room.react('bob', id, false);
    feed(...room.changesByRev);
    feed(room.react('eve', id, false), room.create('next'));
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 1],
      ['roomHeads', 2, 1],
      ['receiveMessage', 4, 2],
    ]);
    expect(stream.position).toEqual({ roomId: 'general', seq: 2, rev: 4 });
  });

  it('emits new messages as receiveMessage and others as their state after a gap', async () => {
    const room = new RoomLog();
    const old = idOf(room.create('old'));
    const { outlet, feed, stream } = await openRoomStream(room);
    const edited = idOf(room.create('new'));
    room.create('newer');
    room.edit(edited, 'new, and edited');
    room.edit(old, 'old, and edited');
    const deleted = idOf(room.create('gone'));
    room.remove(deleted);
    feed(room.react('bob', edited, false));
    await stream.catchUpTo(8);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 3, 1],
      ['receiveMessage', 4],
      ['state', 5],
      ['receiveMessage', 7, 5],
      ['roomHeads', 8, 7],
    ]);
    expect(outlet.events.map(({ payload }) => payload)).toMatchObject([
      { text: 'newer' },
      { text: 'new, and edited', seq: 2 },
      { messageId: old, change: { message: { text: 'old, and edited' } } },
      { text: '', deletedAt: expect.any(String) as unknown },
      [{ seq: 4 }],
    ]);
  });

  it('emits a message as new once in a gap of several pages, however often it changes', async () => {
    const room = new RoomLog();
    const { outlet, stream } = await openRoomStream(room);
    const first = idOf(room.create('first'));
    for (let n = 0; n < 450; n += 1) room.create(`message ${n}`);
    room.edit(first, 'first, and edited');
    await stream.catchUpTo(452);
    expect(room.reads).toBe(3);
    const received = outlet.events.filter(({ name }) => name === 'receiveMessage');
    expect(received).toHaveLength(451);
    expect(outlet.events.at(-1)).toMatchObject({
      name: 'receiveMessage',
      payload: { rev: 452, seq: 1, text: 'first, and edited' },
    });
  });

  it('emits a message that changed beyond the head of a page with its later change', async () => {
    const room = new RoomLog();
    const { outlet, stream } = await openRoomStream(room);
    const first = idOf(room.create('first'));
    room.create('second');
    room.edit(first, 'first, and edited');
    room.staleHeads.push(2);
    await stream.catchUpTo(2);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 2, 0],
      ['receiveMessage', 3],
    ]);
    expect(stream.position).toEqual({ roomId: 'general', seq: 2, rev: 3 });
  });

  it('emits such a message as new even if the next read fails and the feed brings its change', async () => {
    const room = new RoomLog();
    const { outlet, stream, feed } = await openRoomStream(room);
    const first = idOf(room.create('first'));
    room.create('second');
    const edit = room.edit(first, 'first, and edited');
    room.staleHeads.push(2);
    room.beforeRead = () => {
      if (room.reads > 1) throw new Error('the store is unreachable');
    };
    await expect(stream.catchUpTo(2)).rejects.toThrow('unreachable');
    for (const change of [edit, room.edit(first, 'again'), room.create('third')]) feed(change);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 2, 0],
      ['receiveMessage', 3],
      ['edited', 4],
      ['receiveMessage', 5],
    ]);
  });

  it('emits the state of a message that changed between two pages, not the delta of the feed', async () => {
    const room = new RoomLog();
    room.pageSize = 1;
    const { outlet, feed, stream } = await openRoomStream(room);
    const first = idOf(room.create('first'));
    feed(...room.changesByRev);
    room.react('bob', first);
    feed(room.edit(first, 'first, and edited'));
    await stream.catchUpTo(3);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 1],
      ['roomHeads', 2, 1],
      ['state', 3],
    ]);
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
    feed(room.edit(first, 'edited again'));
    expect(summaryOf(outlet.events.slice(3))).toEqual([['edited', 4]]);
  });

  it('returns each message once and in its latest state from memory', async () => {
    const room = new RoomLog();
    const { feed, stream } = await openRoomStream(room);
    const [first, second] = [idOf(room.create('first')), idOf(room.create('second'))];
    room.edit(first, 'one');
    room.react('bob', second, false);
    room.edit(first, 'two');
    feed(...room.changesByRev);
    expect(stream.changesAfter(0)).toMatchObject([
      { text: 'second', rev: 2 },
      { text: 'two', rev: 5 },
    ]);
    expect(stream.changesAfter(4)).toMatchObject([{ text: 'two', rev: 5 }]);
    expect(stream.changesAfter(5)).toEqual([]);
  });

  it('emits a message that was deleted while the outlet was full, without its text', async () => {
    const room = new RoomLog();
    const { outlet, feed, stream } = await openRoomStream(room);
    outlet.fill();
    const id = idOf(room.create('secret'));
    room.create('second');
    room.edit(id, 'secret, and edited');
    room.remove(id);
    feed(...room.changesByRev);
    outlet.drain();
    await stream.catchUpTo(4);
    expect(summaryOf(outlet.events)).toEqual([
      ['receiveMessage', 1],
      ['receiveMessage', 2],
      ['state', 3],
      ['deleted', 4],
    ]);
    expect(JSON.stringify(outlet.events)).not.toContain('secret');
    expect(room.reads).toBe(0);
  });

  it('gives clients the stored messages for every sequence of changes, lost or read in pieces', async () => {
    const step = record({
      kind: constantFrom('create', 'create', 'edit', 'delete', 'react', 'unreact'),
      target: nat(),
      user: constantFrom('ann', 'bob', 'eve'),
      lost: boolean(),
      isFailing: boolean(),
      behind: nat(4),
      isFull: boolean(),
    });
    await assert(
      asyncProperty(
        array(step, { maxLength: 60, size: 'max' }),
        integer({ min: 1, max: 9 }),
        async (steps, pageSize) => {
          const room = new RoomLog();
          room.pageSize = pageSize;
          const { outlet, feed, stream } = await openRoomStream(room, new RecentChanges(10_000));
          const ids: string[] = [];
          for (const { kind, target, user, lost, isFailing, behind, isFull } of steps) {
            const id = ids[target % (ids.length || 1)] ?? 'unknown';
            if (isFull) outlet.fill();
            else outlet.drain();
            room.staleHeads.splice(0, Infinity, Math.max(0, room.rev - behind));
            room.beforeRead = () => {
              if (isFailing) throw new Error('the store is unreachable');
            };
            let change: RoomChange;
            if (kind === 'create') ids.push(idOf((change = room.create(`text ${room.rev}`))));
            else if (kind === 'edit') change = room.edit(id, `text ${room.rev}`);
            else if (kind === 'delete') change = room.remove(id);
            else change = room.react(user, id, kind === 'react');
            if (!lost) feed(change);
            if (target % 3 === 0) await new Promise(setImmediate);
          }
          room.beforeRead = () => undefined;
          room.staleHeads.length = 0;
          outlet.drain();
          while (stream.position.rev < room.rev) {
            await stream.catchUpTo(room.rev).catch(() => undefined);
          }
          const client = new Client();
          for (const event of outlet.events) client.apply(event);
          expect(client.rev).toBe(room.rev);
          const expected = [...room.messagesAt(room.rev).values()].map((stored) =>
            toMessage(stored),
          );
          const bySeq = [...client.messages.values()].sort((a, b) => a.seq - b.seq);
          expect(bySeq).toEqual(expected);
          expect(stream.position).toEqual(room.headAt(room.rev));
        },
      ),
    );
  });
});
