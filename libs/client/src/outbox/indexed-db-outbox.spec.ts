import { beforeEach, describe, expect, it } from '@jest/globals';
import 'fake-indexeddb/auto';
import { indexedDbOutbox } from './indexed-db-outbox.ts';
import type { OutboxStorage, StoredEntry } from './outbox-storage.ts';

let users = 0;
let userId: string;
let outbox: OutboxStorage;

beforeEach(() => {
  users += 1;
  userId = `user-${users}`;
  outbox = indexedDbOutbox(userId);
});

function entry(clientMessageId: string, change: Partial<StoredEntry> = {}): StoredEntry {
  return {
    clientMessageId,
    roomId: 'general',
    text: `text of ${clientMessageId}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

describe('indexedDbOutbox', () => {
  it('loads entries in the order they were put, even after it was closed and reopened', async () => {
    for (const id of ['z', 'a', 'm']) await outbox.put(entry(id));
    outbox.close();
    const reopened = indexedDbOutbox(userId);
    expect(await reopened.load()).toEqual([entry('z'), entry('a'), entry('m')]);
  });

  it('preserves the position of an entry that is put again', async () => {
    await outbox.put(entry('a'));
    await outbox.put(entry('b'));
    const failed = entry('a', { error: { code: 'FORBIDDEN', message: 'No.' } });
    await outbox.put(failed);
    expect(await outbox.load()).toEqual([failed, entry('b')]);
  });

  it('has an entry until its removal, and ignores the removal of an unknown id', async () => {
    await outbox.put(entry('a'));
    expect(await outbox.has('a')).toBe(true);
    await outbox.remove('a');
    await outbox.remove('unknown');
    expect(await outbox.has('a')).toBe(false);
    expect(await outbox.load()).toEqual([]);
  });

  it('is shared by the tabs of one user, but not with other users', async () => {
    await outbox.put(entry('a'));
    expect(await indexedDbOutbox(userId).load()).toEqual([entry('a')]);
    expect(await indexedDbOutbox('another-user').load()).toEqual([]);
  });
});
