import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { plan, type MessageStore } from '@chat/messages';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

/** A data directory of schema version 2, of November 2026, and what its server returned. */
const VERSION_2 = fileURLToPath(new URL('../test/data-of-version-2', import.meta.url));

interface Expected {
  readonly users: { readonly id: string; readonly username: string }[];
  readonly rooms: { readonly id: string; readonly seq: number; readonly rev: number }[];
  readonly messages: Record<string, Message[]>;
}

describe('a data directory of an earlier version', () => {
  let dataDir: string;
  let storage: SqliteStorage;
  let expected: Expected;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-earlier-'));
    await cp(join(VERSION_2, 'chat.sqlite'), join(dataDir, 'chat.sqlite'));
    expected = JSON.parse(await readFile(join(VERSION_2, 'expected.json'), 'utf8')) as Expected;
    storage = await openSqliteStorage({ dataDir, onFailure: () => undefined });
  });
  afterEach(async () => {
    await storage.close();
    await rm(dataDir, { recursive: true });
  });

  const historyOf = async (messages: MessageStore, roomId: string) =>
    (await messages.page(roomId, { kind: 'newest' }, 200)).messages;

  async function firstMember(): Promise<{ userId: string; roomId: string }> {
    for (const { id: roomId } of expected.rooms) {
      const [member] = await storage.rooms.listMembers(roomId, { limit: 1 });
      if (member) return member;
    }
    throw new Error('there is no member');
  }

  it('opens with every user, room and message', async () => {
    for (const { id, username } of expected.users) {
      expect(await storage.users.findById(id)).toMatchObject({ username });
    }
    for (const { id, seq, rev } of expected.rooms) {
      expect(await storage.rooms.findRoom(id)).toMatchObject({ id });
      const heads = await storage.messages.heads([id]);
      expect(heads.get(id)).toEqual({ roomId: id, seq, rev });
      expect(await historyOf(storage.messages, id)).toEqual(expected.messages[id]);
      const { messages } = await storage.messages.changes(id, 0, 200);
      expect(messages).toEqual(expected.messages[id]);
    }
  });

  it('has members without a read position, which can be marked', async () => {
    const { userId, roomId } = await firstMember();
    const [listed] = await storage.rooms.listRoomsOf(userId);
    expect(listed).toBeDefined();
    expect(listed).not.toHaveProperty('lastReadSeq');
    const moved = await storage.rooms.markRead({ roomId, userId, lastReadSeq: 2 });
    expect(moved).toEqual({ lastReadSeq: 2, moved: true });
    expect(await storage.rooms.findMember(roomId, userId)).toMatchObject({ lastReadSeq: 2 });
  });

  it('keeps an edit of an earlier message when it is opened again', async () => {
    const [message] = await historyOf(storage.messages, 'general');
    if (!message) throw new Error('there is no message');
    const edit = {
      v: 1 as const,
      opId: 'e'.repeat(22),
      roomId: 'general',
      actor: { userId: message.userId, username: message.username },
      clientMessageId: 'edit',
      acceptedAt: '2026-12-01T00:00:00.000Z',
      kind: 'message.edit' as const,
      payload: { messageId: message.id, text: 'edited' },
    };
    const heads = await storage.messages.heads(['general']);
    const planned = plan([edit], heads, new Map([[message.id, message]]));
    await storage.messages.append(planned.map(({ entry }) => entry));
    await storage.close();
    storage = await openSqliteStorage({ dataDir, onFailure: () => undefined });
    const [edited, ...others] = await historyOf(storage.messages, 'general');
    expect(edited).toMatchObject({ id: message.id, seq: 1, rev: 13, text: 'edited' });
    expect(others).toEqual(expected.messages['general']?.slice(1));
    expect(await storage.messages.versions(message.roomId, message.id)).toMatchObject([
      { text: message.text },
    ]);
  });
});
