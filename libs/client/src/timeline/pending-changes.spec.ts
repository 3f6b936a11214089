import type { Message } from '@chat/contracts';
import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, constantFrom, nat, property, record } from 'fast-check';
import { roomLogs, roomWithMessages, type RoomLog, type Step } from '../../test/room-log.ts';
import { includesChange, withPendingChanges, type PendingChange } from './pending-changes.ts';

const TIME = '2026-01-01T00:00:00.000Z';

/** Changes that ada may make; `target` selects a message. */
const OWN_STEPS = array(
  record({
    kind: constantFrom<Step['kind']>('edit', 'react', 'react', 'delete'),
    target: nat(),
    userId: constantFrom('ada'),
    emoji: constantFrom('👍', '🎉'),
    on: boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

/** Returns the changes of a client for commands whose revs follow the head of a room. */
function changesOf(log: RoomLog, steps: readonly Step[]): PendingChange[] {
  const messages = log.messagesAt(log.head);
  return steps.map(({ kind, target, emoji, on }, index): PendingChange => {
    const messageId = messages[target % messages.length]?.id ?? '';
    const createdAt = TIME;
    if (kind === 'react') return { kind, payload: { messageId, emoji, on }, createdAt };
    if (kind === 'delete') return { kind: 'deleteMessage', payload: { messageId }, createdAt };
    const text = `edit ${log.head + index + 1}`;
    return { kind: 'editMessage', payload: { messageId, text }, createdAt };
  });
}

/** Returns the messages without the revs, which a client cannot know. */
function withoutRevs(messages: readonly Message[]): Omit<Message, 'rev'>[] {
  return messages.map(({ rev: _, ...message }) => message);
}

describe('withPendingChanges', () => {
  it('returns the messages that the server will have once the changes are made', () => {
    assert(
      property(roomLogs(), OWN_STEPS, (log, steps) => {
        const after = log.after(...steps);
        const shown = withPendingChanges(log.messagesAt(log.head), changesOf(log, steps), 'ada');
        expect(withoutRevs(shown)).toEqual(withoutRevs(after.messagesAt(after.head)));
      }),
    );
  });

  it('has no effect once the messages include the last change of each target', () => {
    assert(
      property(roomLogs(), OWN_STEPS, (log, steps) => {
        const after = log.after(...steps);
        const messages = after.messagesAt(after.head);
        const [last] = changesOf(log, steps).slice(-1) as [PendingChange];
        const changed = messages.find(({ id }) => id === last.payload.messageId);
        expect(changed && includesChange(changed, last)).toBe(true);
        expect(withPendingChanges(messages, [last], 'ada')).toEqual(messages);
      }),
    );
  });

  it('returns the same messages without changes to them', () => {
    const messages = roomWithMessages(3).messagesAt(3);
    const elsewhere = { kind: 'deleteMessage', payload: { messageId: 'other' } } as const;
    expect(withPendingChanges(messages, [], 'ada')).toBe(messages);
    expect(withPendingChanges(messages, [{ ...elsewhere, createdAt: TIME }], 'ada')).toBe(messages);
    const own = { kind: 'deleteMessage', payload: { messageId: 'm-2' }, createdAt: TIME } as const;
    const changed = withPendingChanges(messages, [own], 'ada');
    expect(changed[0]).toBe(messages[0]);
    expect(changed[2]).toBe(messages[2]);
  });
});
