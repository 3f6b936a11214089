import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrations.ts';
import type { OperationRequest } from './protocol.ts';

function message(seq: number, given: Partial<Message> = {}): Message {
  return {
    id: `message-${seq}`,
    roomId: 'den',
    seq,
    rev: seq,
    userId: 'ada',
    username: 'Ada',
    text: 'x'.repeat(1_000),
    timestamp: '2026-01-02T03:04:05.678Z',
    ...given,
  };
}

function appending(id: number, ...messages: Message[]): OperationRequest {
  return { id, operation: 'appendMessages', values: [messages] };
}

const reading: OperationRequest = { id: 0, operation: 'headsOfRooms', values: [['den']] };

describe('GroupCommit', () => {
  let folder: string;
  let db: DatabaseSync;
  let commits: GroupCommit;
  const headSeq = (): unknown => {
    const [answer] = commits.run([reading]);
    return (answer?.result as { seq: number }[])[0]?.seq;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chat-commits-'));
    db = new DatabaseSync(join(folder, 'chat.sqlite'));
    db.exec('PRAGMA journal_mode = WAL');
    migrate(db);
    commits = new GroupCommit(db);
  });

  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  it('commits a batch of 100 writes once', () => {
    const exec = jest.spyOn(db, 'exec');
    const requests = Array.from({ length: 100 }, (_, index) =>
      appending(index, message(index + 1)),
    );
    const answers = commits.run(requests);
    expect(answers).toEqual(requests.map(({ id }) => ({ id, result: undefined })));
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1);
    expect(headSeq()).toBe(100);
  });

  it('opens no transaction for a batch of reads only', () => {
    const exec = jest.spyOn(db, 'exec');
    commits.run([reading, reading]);
    expect(exec).not.toHaveBeenCalled();
  });

  it('shows a write to the reads after it in the batch, and not to the reads before it', () => {
    const answers = commits.run([reading, appending(1, message(1)), { ...reading, id: 2 }]);
    expect(answers.map(({ result }) => result)).toEqual([
      [{ roomId: 'den', seq: 0, rev: 0 }],
      undefined,
      [{ roomId: 'den', seq: 1, rev: 1 }],
    ]);
  });

  it('rolls back a failed write as a whole, and keeps the other writes of the batch', () => {
    const answers = commits.run([
      appending(1, message(1)),
      appending(2, message(2), message(1, { id: 'another' })),
      appending(3, message(2, { id: 'third' })),
    ]);
    expect(answers.map(({ failure }) => failure?.kind)).toEqual([
      undefined,
      'claimed-position',
      undefined,
    ]);
    const [found] = commits.run([
      { id: 1, operation: 'findMessagesByIds', values: [['message-1', 'message-2', 'third']] },
    ]);
    expect((found?.result as Message[]).map(({ id }) => id)).toEqual(['message-1', 'third']);
  });

  it('fails the whole batch when the disk is full, and commits again once there is room', () => {
    commits.run([appending(1, message(1))]);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const tooMuch = Array.from({ length: 200 }, (_, index) => message(index + 2));
    const answers = commits.run([
      appending(2, message(2)),
      appending(3, ...tooMuch),
      appending(4, message(3)),
      { ...reading, id: 5 },
    ]);
    expect(answers.map(({ id, failure }) => [id, failure?.kind])).toEqual(
      [2, 3, 4, 5].map((id) => [id, 'unavailable']),
    );
    expect(headSeq()).toBe(1);

    db.exec('PRAGMA max_page_count = 1000000');
    expect(commits.run([appending(6, ...tooMuch)])).toEqual([{ id: 6, result: undefined }]);
    expect(headSeq()).toBe(201);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  });

  it('fails the whole batch when a read ends the transaction, and stores nothing of the batch', () => {
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
    const answers = commits.run([
      appending(1, message(1)),
      { id: 2, operation: 'findUserById', values: ['ada'] },
      appending(3, message(2)),
    ]);
    expect(answers.map(({ failure }) => failure?.kind)).toEqual(answers.map(() => 'unavailable'));
    expect(headSeq()).toBe(0);
  });

  it('fails the whole batch when the commit fails, and leaves no transaction open', () => {
    const exec = jest.spyOn(db, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      if (sql === 'COMMIT') {
        throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
      }
      DatabaseSync.prototype.exec.call(db, sql);
    });
    const answers = commits.run([appending(1, message(1)), appending(2, message(2))]);
    expect(answers.map(({ failure }) => failure?.kind)).toEqual(['unavailable', 'unavailable']);
    exec.mockRestore();
    expect(headSeq()).toBe(0);
    expect(commits.run([appending(3, message(1))])).toEqual([{ id: 3, result: undefined }]);
    expect(headSeq()).toBe(1);
  });
});
