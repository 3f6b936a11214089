import { describe, expect, it } from '@jest/globals';
import type { OutboxEntry } from '@chat/client';
import type { Message } from '@chat/contracts';
import { shownMessages } from './shown-message.ts';

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

function pendingEntry(clientMessageId: string, text: string): OutboxEntry {
  return {
    clientMessageId,
    roomId: 'general',
    text,
    createdAt: '2026-01-01T00:00:00.000Z',
    state: 'sending',
    persisted: true,
  };
}

const keys = (messages: Message[], pending: OutboxEntry[]): string[] =>
  shownMessages({ messages, pending }, ada).map(({ key }) => key);

describe('the key of a shown message', () => {
  it('stays the same when a pending message is stored', () => {
    expect(keys([stored(1, 'c1', 'hello')], [])).toEqual(keys([], [pendingEntry('c1', 'hello')]));
  });

  it('differs between messages with the same clientMessageId but different texts', () => {
    const messageKeys = keys(
      [stored(1, 'c1', 'one'), stored(2, 'c1', 'two')],
      [pendingEntry('c1', 'three')],
    );
    expect(new Set(messageKeys).size).toBe(3);
  });
});
