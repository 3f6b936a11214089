import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { message } from '../test/message.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { SqliteThread } from './sqlite-thread.ts';
import { openSqliteStorage, type SqliteStorage } from './sqlite-storage.ts';
import { ReadGate } from './worker/read-gate.ts';

describe('SQLite reads beside writes', () => {
  let dataDir: string;
  let storage: SqliteStorage;
  let stored: number;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-sqlite-'));
    storage = await openSqliteStorage({ dataDir, onFailure: () => undefined });
    stored = 0;
  });
  afterEach(async () => {
    await storage.close();
    await rm(dataDir, { recursive: true });
  });

  /** Stores new messages of the room `den` in one batch; returns the last seq. */
  async function append(count: number, text = 'hi'): Promise<number> {
    const first = stored + 1;
    stored += count;
    const last = stored;
    await storage.messages.append(
      Array.from({ length: count }, (_, index) => message(first + index, { text })),
    );
    return last;
  }

  const newestPage = () => storage.messages.page('den', { kind: 'newest' }, 200);

  /** Repeats `action` until `until` settles. */
  async function repeatUntil(until: Promise<unknown>, action: () => Promise<unknown>) {
    const settled = new AbortController();
    const watched = until.finally(() => settled.abort());
    while (!settled.signal.aborted) await action();
    await watched;
  }

  it('do not delay a commit that is requested during a long read', async () => {
    const unknown = Array.from({ length: 200_000 }, (_, index) => `session-${index}`);
    const completed: string[] = [];
    const read = storage.sessions
      .findByIds(unknown, '2026-01-01')
      .then(() => completed.push('long read'));
    await append(1).then(() => completed.push('commit'));
    await storage.rooms.findDeleted(['den']).then(() => completed.push('deleted rooms'));
    await storage.messages.planningState(['den'], []).then(() => completed.push('planning'));
    await read;
    expect(completed).toEqual(['commit', 'deleted rooms', 'planning', 'long read']);
  });

  it('are not delayed by a long commit', async () => {
    const completed: string[] = [];
    const commit = append(20_000).then(() => completed.push('commit'));
    for (let count = 0; count < 3; count += 1) await storage.check();
    completed.push('reads');
    await commit;
    expect(completed).toEqual(['reads', 'commit']);
  });

  it('wait at a closed gate, while writes continue', async () => {
    const { database } = prepareDataDirectory(dataDir);
    const readGate = ReadGate.createMemory();
    const gate = new ReadGate(readGate);
    const reader = await SqliteThread.open({ mode: 'read', database, readGate }, () => undefined);
    const completed: string[] = [];
    gate.close();
    const read = reader.call('check').then(() => completed.push('read'));
    for (let count = 0; count < 3; count += 1) await append(1);
    completed.push('writes');
    gate.open();
    await read;
    await reader.close();
    expect(completed).toEqual(['writes', 'read']);
  });

  it('see every write that was acknowledged before they began', async () => {
    await append(200, '\u20AC'.repeat(2_000));
    const appends = async () => {
      for (let count = 0; count < 200; count += 1) {
        const seq = await append(1);
        const [heads, found, { head, messages }] = await Promise.all([
          storage.messages.heads(['den']),
          storage.messages.findByIds([`message-${seq}`]),
          storage.messages.page('den', { kind: 'newest' }, 1),
        ]);
        expect(heads.get('den')).toEqual({ roomId: 'den', seq, rev: seq });
        expect(found.size).toBe(1);
        expect([head.seq, messages[0]?.seq]).toEqual([seq, seq]);
      }
    };
    // Pages of several slices, whose statements stop before their last row.
    await repeatUntil(appends(), newestPage);
  });

  it('return a page with the head of the same moment while messages are stored', async () => {
    const appends = async () => {
      for (let count = 0; count < 1_000; count += 1) await append(1);
    };
    await repeatUntil(appends(), async () => {
      const { messages, head } = await newestPage();
      expect(messages.at(-1)?.seq ?? 0).toBe(head.seq);
    });
  });

  it('that follow each other without a pause let the write-ahead log grow to a limit only', async () => {
    let largest = 0;
    const appends = async () => {
      for (let count = 0; count < 100; count += 1) {
        await append(100, 'x'.repeat(10_000));
        const { size } = await stat(join(dataDir, 'chat.sqlite-wal'));
        largest = Math.max(largest, size);
      }
    };
    const unknown = Array.from({ length: 20_000 }, (_, index) => `session-${index}`);
    const read = () => storage.sessions.findByIds(unknown, '2026-01-01');
    const written = appends();
    await Promise.all(Array.from({ length: 4 }, () => repeatUntil(written, read)));
    expect(largest / 1024 ** 2).toBeLessThan(24);
  });
});
