import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AT, LATER } from '../../test/commands.ts';
import type { PublishedHead } from '../head-publisher.ts';
import type { RoomChange } from '../log/room-change.ts';
import type { StoredMessage } from '../log/stored-message.ts';
import { RoomHeads } from './room-heads.ts';

const SECOND = 1_000;

function message(roomId: string, seq: number, fields: Partial<StoredMessage> = {}): StoredMessage {
  return {
    id: `${roomId} ${seq}`,
    roomId,
    seq,
    rev: seq,
    userId: 'ann',
    username: 'ann',
    text: `message ${seq}`,
    timestamp: AT,
    ...fields,
  };
}

describe('RoomHeads', () => {
  /** The heads of each publication. */
  let published: PublishedHead[][];
  let heads: RoomHeads;
  beforeEach(() => {
    jest.useFakeTimers();
    published = [];
    heads = new RoomHeads({ publish: (batch) => void published.push([...batch]) });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Reports a new message. */
  function create(roomId: string, seq: number): void {
    const created = message(roomId, seq);
    heads.update({ roomId, seq, rev: seq }, [{ roomId, rev: seq, message: created }]);
  }

  /** Reports a change, at `rev`, of the message with this seq in the room `den`. */
  function change(headSeq: number, rev: number, seq: number, fields: Partial<StoredMessage>): void {
    const changed: RoomChange = { roomId: 'den', rev, message: message('den', seq, fields) };
    heads.update({ roomId: 'den', seq: headSeq, rev }, [changed]);
  }

  const seqs = (): [string, number][][] =>
    published.map((batch) => batch.map(({ roomId, seq }) => [roomId, seq]));

  it('publishes the first head of a room within 50 ms, together with those of other rooms', () => {
    create('den', 1);
    create('lunch', 7);
    jest.advanceTimersByTime(50);
    expect(published).toEqual([
      [
        { roomId: 'den', seq: 1, rev: 1, lastMessage: message('den', 1) },
        { roomId: 'lunch', seq: 7, rev: 7, lastMessage: message('lunch', 7) },
      ],
    ]);
  });

  it('publishes at most one head per room and second, and the latest one in the end', () => {
    for (let seq = 1; seq <= 300; seq += 1) {
      create('den', seq);
      jest.advanceTimersByTime(10);
    }
    jest.advanceTimersByTime(2 * SECOND);
    expect(published.length).toBeGreaterThanOrEqual(3);
    expect(published.length).toBeLessThanOrEqual(4);
    expect(seqs().at(-1)).toEqual([['den', 300]]);
  });

  it('publishes the head of a quiet room at once while a busy room waits', () => {
    create('busy', 1);
    jest.advanceTimersByTime(50);
    create('busy', 2);
    create('quiet', 1);
    jest.advanceTimersByTime(50);
    expect(seqs()).toEqual([[['busy', 1]], [['quiet', 1]]]);
    jest.advanceTimersByTime(SECOND);
    expect(seqs().at(-1)).toEqual([['busy', 2]]);
  });

  it('publishes the last message without its text when it was deleted before the publication', () => {
    create('den', 1);
    change(1, 2, 1, { rev: 2, text: '', deletedAt: LATER });
    jest.advanceTimersByTime(SECOND);
    expect(published).toEqual([
      [
        {
          roomId: 'den',
          seq: 1,
          rev: 2,
          lastMessage: message('den', 1, { rev: 2, text: '', deletedAt: LATER }),
        },
      ],
    ]);
  });

  it('publishes an edit of the last message, but no change of an earlier one', () => {
    change(2, 3, 1, { rev: 3, text: 'edited', editedAt: LATER });
    jest.advanceTimersByTime(SECOND);
    expect(published).toEqual([]);
    change(2, 4, 2, { rev: 4, text: 'edited', editedAt: LATER });
    jest.advanceTimersByTime(SECOND);
    expect(published).toMatchObject([[{ seq: 2, rev: 4, lastMessage: { text: 'edited' } }]]);
  });

  it('publishes at most 20 users of each reaction to the last message', () => {
    const userIds = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    change(1, 2, 1, { rev: 2, reactions: [{ emoji: '👍', userIds }] });
    jest.advanceTimersByTime(50);
    expect(published[0]?.[0]?.lastMessage.reactions).toEqual([
      { emoji: '👍', count: 100, userIds: userIds.slice(0, 20) },
    ]);
  });

  it('publishes waiting heads at once when it is flushed, and publishes nothing twice', () => {
    create('den', 1);
    jest.advanceTimersByTime(50);
    create('den', 2);
    heads.flush();
    heads.flush();
    jest.advanceTimersByTime(2 * SECOND);
    expect(seqs()).toEqual([[['den', 1]], [['den', 2]]]);
  });

  it('keeps at most 2,000 heads waiting, and loses none', () => {
    for (let room = 1; room <= 5_000; room += 1) create(`room-${room}`, 1);
    expect(published.map((batch) => batch.length)).toEqual([2_000, 2_000]);
    jest.advanceTimersByTime(50);
    expect(published.map((batch) => batch.length)).toEqual([2_000, 2_000, 1_000]);
  });

  it('leaves no timer running once all heads are published', () => {
    create('den', 1);
    jest.advanceTimersByTime(50);
    expect(jest.getTimerCount()).toBe(0);
  });
});
