import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';

const PAGE = 200;

describe('a page of 200 long messages in SQLite', () => {
  let dataDir: string;
  let storage: SqliteStorage;

  const message = (seq: number): Message => ({
    id: `m${seq}`,
    roomId: 'den',
    seq,
    rev: seq,
    userId: 'ann',
    username: 'ann',
    text: '\u20AC'.repeat(4_000),
    timestamp: '2026-01-01T00:00:00.000Z',
  });

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-sqlite-'));
    storage = await openSqliteStorage({ dataDir, onFailure: () => undefined });
    await storage.messages.append(Array.from({ length: PAGE }, (_, n) => message(n + 1)));
  });
  afterAll(async () => {
    await storage.close();
    await rm(dataDir, { recursive: true });
  });

  it.each([
    ['newest', () => storage.messages.page('den', { kind: 'newest' }, PAGE)],
    ['after', () => storage.messages.page('den', { kind: 'after', seq: 0 }, PAGE)],
    ['changes', () => storage.messages.changes('den', 0, PAGE)],
  ])('does not block other requests while it is read (%s)', async (_name, read) => {
    const completed: string[] = [];
    const page = read().then(() => completed.push('page'));
    await storage.check().then(() => completed.push('check'));
    await page;
    expect(completed).toEqual(['check', 'page']);
  });

  it('does not contain messages that were stored after its head was read', async () => {
    const read = new AbortController();
    const pendingPage = storage.messages
      .page('den', { kind: 'after', seq: 0 }, 10 * PAGE)
      .finally(() => read.abort());
    let seq = PAGE;
    while (!read.signal.aborted) await storage.messages.append([message((seq += 1))]);
    const { messages, head } = await pendingPage;
    expect(seq).toBeGreaterThan(head.seq);
    expect(messages.at(-1)?.seq).toBe(head.seq);
  });
});
