import { describe, expect, it } from '@jest/globals';
import type { OutboxChange, OutboxMessage } from '@chat/client';
import type { Message } from '@chat/contracts';
import { shownMessages } from './shown-message.ts';

const TIME = '2026-01-01T00:01:00.000Z';
const ada = { id: 'ada', username: 'Ada' };

function stored(seq: number, clientMessageId: string, text: string): Message {
  return {
    id: `m${seq}`.padEnd(22, '-'),
    roomId: 'general',
    seq,
    rev: seq,
    userId: ada.id,
    username: ada.username,
    text,
    timestamp: '2026-01-01T00:00:00.000Z',
    clientMessageId,
  };
}

function pendingEntry(clientMessageId: string, text: string): OutboxMessage {
  return {
    clientMessageId,
    roomId: 'general',
    kind: 'sendMessage',
    payload: { text },
    createdAt: '2026-01-01T00:00:00.000Z',
    state: 'sending',
    persisted: true,
  };
}

const keys = (messages: Message[], pending: OutboxMessage[]): string[] =>
  shownMessages({ messages, pending, changes: [] }, ada).map(({ key }) => key);

describe('the key of a shown message', () => {
  it('stays the same when a pending message is stored, edited and deleted', () => {
    const message = stored(1, 'c1', 'hello');
    const [key] = keys([], [pendingEntry('c1', 'hello')]);
    expect(keys([message], [])).toEqual([key]);
    expect(keys([{ ...message, text: 'edited', editedAt: TIME }], [])).toEqual([key]);
    expect(keys([{ ...message, text: '', deletedAt: TIME }], [])).toEqual([key]);
  });

  it('differs between messages with the same clientMessageId but different texts', () => {
    const messageKeys = keys(
      [stored(1, 'c1', 'one'), stored(2, 'c1', 'two')],
      [pendingEntry('c1', 'three')],
    );
    expect(new Set(messageKeys).size).toBe(3);
  });
});

describe('a shown message', () => {
  it('has the delivery status of the user’s own message, unless it is deleted', () => {
    const message = stored(1, 'c1', 'hello');
    const messages = [
      message,
      { ...message, text: '', deletedAt: TIME },
      { ...message, userId: 'bob' },
    ];
    const shown = messages.map(
      (one) => shownMessages({ messages: [one], pending: [], changes: [] }, ada)[0],
    );
    expect(shown.map((one) => one?.delivery)).toEqual(['stored', undefined, undefined]);
    expect(shown.map((one) => one?.deleted)).toEqual([undefined, true, undefined]);
  });

  it('is unsaved while an edit or a deletion is not acknowledged, and its emoji for a reaction', () => {
    const message = stored(1, 'c1', 'hello');
    const shownWith = (...changes: OutboxChange[]) =>
      shownMessages({ messages: [message], pending: [], changes }, ada)[0];
    const payload = { messageId: message.id };
    const entry = {
      clientMessageId: 'c2',
      roomId: 'general',
      createdAt: TIME,
      state: 'waiting',
      persisted: true,
    } as const;
    const reaction = {
      ...entry,
      kind: 'react',
      payload: { ...payload, emoji: '👍', on: true },
    } as const;
    const deletion = { ...entry, kind: 'deleteMessage', payload } as const;
    expect(shownWith(deletion)).toMatchObject({ delivery: 'unsaved', unsavedEmoji: [] });
    expect(shownWith(reaction)).toMatchObject({ delivery: 'stored', unsavedEmoji: ['👍'] });
    expect(shownWith({ ...deletion, state: 'sent' }, { ...reaction, state: 'sent' })).toEqual(
      shownWith(),
    );
    const elsewhere = { ...deletion, payload: { messageId: 'm2' } };
    expect(shownWith(elsewhere)?.delivery).toBe('stored');
  });
});
