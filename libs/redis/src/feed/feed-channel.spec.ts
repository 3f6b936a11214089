import { describe, expect, it } from '@jest/globals';
import { Message } from '@chat/contracts';
import type { RoomChange, StoredMessage } from '@chat/messages';
import { z } from 'zod';
import { decodeChanges, encodeChanges } from './feed-channel.ts';

const AT = '2026-01-01T00:00:00.000Z';

function message(rev: number): StoredMessage {
  return {
    id: String(rev).padStart(22, '0'),
    roomId: 'den',
    seq: rev,
    rev,
    userId: 'u1',
    username: 'ann',
    text: `message ${rev}`,
    timestamp: AT,
    clientMessageId: `k-${rev}`,
  };
}

const created = (rev: number): RoomChange => ({ roomId: 'den', rev, message: message(rev) });
const edited = (rev: number): RoomChange => ({
  roomId: 'den',
  rev,
  message: { ...message(1), rev, text: 'edited', editedAt: AT },
  delta: { kind: 'edited', text: 'edited', editedAt: AT },
});

/** Messages as `chat` read them from the feed before there were other changes. */
const EarlierBatch = z.array(
  Message.omit({ editedAt: true, deletedAt: true, reactions: true, clientMessageId: true }),
);

describe('the codec of the feed', () => {
  it.each<[string, RoomChange[]]>([
    ['new messages', [created(1), created(2)]],
    ['an edit', [edited(2)]],
    [
      'a reaction',
      [
        {
          roomId: 'den',
          rev: 4,
          message: { ...message(1), rev: 4, reactions: [{ emoji: '👍', userIds: ['bob'] }] },
          delta: { kind: 'reacted', emoji: '👍', userId: 'bob', on: true },
        },
      ],
    ],
    ['commands without effect', [{ roomId: 'den', rev: 5 }]],
    ['several kinds', [created(1), edited(2), { roomId: 'den', rev: 3 }, created(4)]],
  ])('returns a batch of %s as it was published', (_case, changes) => {
    expect(decodeChanges('den', encodeChanges(changes))).toEqual(changes);
  });

  it('sends new messages in the form that an earlier version of chat understands', () => {
    const sent: unknown = JSON.parse(encodeChanges([created(1), created(2)]));
    expect(sent).toEqual([message(1), message(2)]);
    expect(EarlierBatch.parse(sent)).toMatchObject([{ rev: 1 }, { rev: 2 }]);
  });

  it('sends other changes in a form that an earlier version does not take for messages', () => {
    for (const change of [edited(2), { roomId: 'den', rev: 3 }]) {
      const sent: unknown = JSON.parse(encodeChanges([change]));
      expect(EarlierBatch.safeParse(sent).success).toBe(false);
    }
  });

  it('keeps the fields that a later version adds to messages', () => {
    const later = { ...message(1), threadId: 't1' };
    const batch = [later, { ...edited(2), message: { ...later, rev: 2 } }];
    expect(decodeChanges('den', JSON.stringify(batch))).toMatchObject([
      { rev: 1, message: { threadId: 't1' } },
      { rev: 2, message: { threadId: 't1' }, delta: { kind: 'edited' } },
    ]);
  });

  it.each<[string, unknown]>([
    ['that is not JSON', 'not JSON'],
    ['that is no array', message(1)],
    ['with a message without a text', [{ ...message(1), text: undefined }]],
    ['with a message without a rev', [{ ...message(1), rev: undefined }]],
    ['with a change of an unknown kind', [{ ...edited(2), delta: { kind: 'pinned' } }]],
    ['with a change of an invalid message', [{ ...edited(2), message: { id: 'x' } }]],
    ['with a message of another room', [created(1), { ...message(2), roomId: 'other' }]],
    ['with a change of another room', [{ roomId: 'other', rev: 2 }]],
  ])('ignores a batch %s', (_case, batch) => {
    const text = typeof batch === 'string' ? batch : JSON.stringify(batch);
    expect(decodeChanges('den', text)).toBeUndefined();
  });
});
