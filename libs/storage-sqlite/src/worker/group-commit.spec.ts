import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { message } from '../../test/message.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrations.ts';
import type { OperationRequest } from './protocol.ts';

function appendRequest(id: number, ...messages: Message[]): OperationRequest {
  return { id, operation: 'appendEntries', values: [messages] };
}

const readRequest: OperationRequest = { id: 0, operation: 'findRoomHeads', values: [['den']] };

describe('GroupCommit', () => {
  let tempDir: string;
  let db: DatabaseSync;
  let commits: GroupCommit;
  const headSeq = (): unknown => {
    const [result] = commits.run([readRequest]);
    return (result?.result as { seq: number }[])[0]?.seq;
  };

  beforeEach(() => {
    tempDir = mkdtempSync(join(tmpdir(), 'chat-commits-'));
    db = new DatabaseSync(join(tempDir, 'chat.sqlite'));
    db.exec('PRAGMA journal_mode = WAL');
    migrate(db);
    commits = new GroupCommit(db);
  });

  afterEach(() => {
    db.close();
    rmSync(tempDir, { recursive: true });
  });

  it('commits a batch of 100 writes once', () => {
    const exec = jest.spyOn(db, 'exec');
    const requests = Array.from({ length: 100 }, (_, index) =>
      appendRequest(index, message(index + 1)),
    );
    const results = commits.run(requests);
    expect(results).toEqual(requests.map(({ id }) => ({ id, result: undefined })));
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1);
    expect(headSeq()).toBe(100);
  });

  it('opens no transaction for a read-only batch', () => {
    const exec = jest.spyOn(db, 'exec');
    commits.run([readRequest, readRequest]);
    expect(exec).not.toHaveBeenCalled();
  });

  it('makes a write visible to later reads in the batch, but not to earlier ones', () => {
    const results = commits.run([
      readRequest,
      appendRequest(1, message(1)),
      { ...readRequest, id: 2 },
    ]);
    expect(results.map(({ result }) => result)).toEqual([
      [{ roomId: 'den', seq: 0, rev: 0 }],
      undefined,
      [{ roomId: 'den', seq: 1, rev: 1 }],
    ]);
  });

  it('rolls back a failed write entirely, but keeps the other writes in the batch', () => {
    const results = commits.run([
      appendRequest(1, message(1)),
      appendRequest(2, message(2), message(1, { id: 'other' })),
      appendRequest(3, message(2, { id: 'third' })),
    ]);
    expect(results.map(({ failure }) => failure?.kind)).toEqual([
      undefined,
      'conflicting-writer',
      undefined,
    ]);
    const [found] = commits.run([
      { id: 1, operation: 'findEntriesByIds', values: [['message-1', 'message-2', 'third']] },
    ]);
    expect((found?.result as Message[]).map(({ id }) => id)).toEqual(['message-1', 'third']);
  });

  it('fails the whole batch when the disk is full, and commits again once space is available', () => {
    commits.run([appendRequest(1, message(1))]);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const text = 'x'.repeat(1_000);
    const tooMuch = Array.from({ length: 200 }, (_, index) => message(index + 2, { text }));
    const results = commits.run([
      appendRequest(2, message(2)),
      appendRequest(3, ...tooMuch),
      appendRequest(4, message(3)),
      { ...readRequest, id: 5 },
    ]);
    expect(results.map(({ id, failure }) => [id, failure?.kind])).toEqual(
      [2, 3, 4, 5].map((id) => [id, 'unavailable']),
    );
    expect(headSeq()).toBe(1);

    db.exec('PRAGMA max_page_count = 1000000');
    expect(commits.run([appendRequest(6, ...tooMuch)])).toEqual([{ id: 6, result: undefined }]);
    expect(headSeq()).toBe(201);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  });

  it('fails the whole batch, storing nothing, when a failed read rolls back the transaction', () => {
    const prepare = db.prepare.bind(db);
    jest.spyOn(db, 'prepare').mockImplementation((sql) => {
      const statement = prepare(sql);
      if (sql.includes('FROM users')) {
        jest.spyOn(statement, 'get').mockImplementation(() => {
          db.exec('ROLLBACK');
          throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
        });
      }
      return statement;
    });
    const results = commits.run([
      appendRequest(1, message(1)),
      { id: 2, operation: 'findUserById', values: ['ada'] },
      appendRequest(3, message(2)),
    ]);
    expect(results.map(({ failure }) => failure?.kind)).toEqual(results.map(() => 'unavailable'));
    expect(headSeq()).toBe(0);
  });

  it('fails the whole batch when the commit fails, and leaves no open transaction', () => {
    const exec = jest.spyOn(db, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      if (sql === 'COMMIT') {
        throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
      }
      DatabaseSync.prototype.exec.call(db, sql);
    });
    const results = commits.run([appendRequest(1, message(1)), appendRequest(2, message(2))]);
    expect(results.map(({ failure }) => failure?.kind)).toEqual(['unavailable', 'unavailable']);
    exec.mockRestore();
    expect(headSeq()).toBe(0);
    expect(commits.run([appendRequest(3, message(1))])).toEqual([{ id: 3, result: undefined }]);
    expect(headSeq()).toBe(1);
  });
});
