import { describe, expect, it } from '@jest/globals';
import type { CommandContent } from './message-command.ts';
import { commandIdOf, messageIdOf } from './message-id.ts';

const CONTENT = {
  kind: 'reaction.set',
  userId: 'ann',
  roomId: 'general',
  clientMessageId: '1',
  payload: { messageId: 'm1', emoji: '👍', on: true },
} as const satisfies CommandContent;

describe('commandIdOf', () => {
  it('returns the same id for the same content, in whatever order its fields are', () => {
    const { messageId, emoji, on } = CONTENT.payload;
    const id = commandIdOf(CONTENT);
    expect(commandIdOf(structuredClone(CONTENT))).toBe(id);
    expect(commandIdOf({ ...CONTENT, payload: { on, messageId, emoji } })).toBe(id);
    expect(commandIdOf({ ...CONTENT, payload: { emoji, on, messageId } })).toBe(id);
  });

  it('is stable across versions for the same content', () => {
    expect(commandIdOf(CONTENT)).toBe('eVtRgolWOehmxurfFBxBsw');
  });

  it('returns another id when any field differs', () => {
    const { payload } = CONTENT;
    const contents: CommandContent[] = [
      CONTENT,
      { ...CONTENT, userId: 'bob' },
      { ...CONTENT, roomId: 'random' },
      { ...CONTENT, clientMessageId: '2' },
      { ...CONTENT, payload: { ...payload, messageId: 'm2' } },
      { ...CONTENT, payload: { ...payload, emoji: '🎉' } },
      { ...CONTENT, payload: { ...payload, on: false } },
      { ...CONTENT, kind: 'message.delete', payload },
      { ...CONTENT, kind: 'message.delete', payload: { messageId: 'm1' } },
      { ...CONTENT, kind: 'message.edit', payload: { messageId: 'm1', text: '👍' } },
      { ...CONTENT, kind: 'message.edit', payload: { messageId: 'm1', text: 'true' } },
    ];
    const ids = contents.map(commandIdOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('returns another id when the same characters are split differently between fields', () => {
    const edit = (userId: string, clientMessageId: string, text: string): CommandContent => ({
      ...CONTENT,
      kind: 'message.edit',
      userId,
      clientMessageId,
      payload: { messageId: 'm1', text },
    });
    const ids = [
      edit('a', 'b', 'c'),
      edit('ab', '', 'c'),
      edit('a', 'bc', ''),
      edit('a","b', '', 'c'),
    ];
    expect(new Set(ids.map(commandIdOf)).size).toBe(ids.length);
  });

  it('returns no id of a message', () => {
    const { userId, roomId, clientMessageId } = CONTENT;
    const text = 'hello';
    const edit: CommandContent = {
      ...CONTENT,
      kind: 'message.edit',
      payload: { messageId: 'm1', text },
    };
    expect(commandIdOf(edit)).not.toBe(messageIdOf({ userId, roomId, clientMessageId, text }));
  });
});
